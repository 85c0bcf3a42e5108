import { z } from "zod";
import { section } from "./values.ts";

/** What the cluster's monitoring is given. */
export const monitoringSection = section({
  /** Make `PrometheusRule`s of the Prometheus Operator, whose definitions must then be there. @default false: nobody is told */
  prometheusRules: z.boolean().default(false),
}).default({ prometheusRules: false });
