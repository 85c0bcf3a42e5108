import { z } from "zod";
import { NODE_IMAGE, nodeImage } from "./node-image.ts";
import {
  dnsLabel,
  duration,
  labelKey,
  labelValue,
  mapOf,
  resourceUrl,
  section,
  serverUrl,
  text,
} from "./values.ts";

/** Links of alerts go here where the declaration names no other page. */
const RUNBOOK = "docs/runbook.md";

const HOST_AND_PORT = /^(\[[0-9a-f:]+\]|[a-zA-Z0-9]([-a-zA-Z0-9.]*[a-zA-Z0-9])?):(\d{1,5})$/;

const hostAndPort = text((value) => isHostAndPort(value), {
  allowed: "<host>:<port>, without scheme or path; IPv6 in brackets",
  fix: "write where the audit reader listens, e.g. vault-0.voyager.internal:9465",
});

function isHostAndPort(value: string): boolean {
  const port = Number(HOST_AND_PORT.exec(value)?.[3]);
  return port >= 1 && port <= 65_535;
}

/** A program in the cluster that says how fresh secrets are; it reads names, versions and times, never a value. */
const exporter = section({
  /** Runs the program, which comes from a ConfigMap: any Node 24. @default node:24-alpine of Docker Hub, by digest */
  image: nodeImage("would act as the exporter").default(NODE_IMAGE),
  /** Where it runs; nothing else should. @default vault-monitoring */
  namespace: dnsLabel.default("vault-monitoring"),
  /** How often it looks. A shorter one tells sooner, and costs Vault a request for each KV path each time. @default 1m */
  interval: duration("5s").default("1m"),
});

/** What the cluster's monitoring is given, and where to find what it knows. */
export const monitoringSection = section({
  /** Make `PrometheusRule`s of the Prometheus Operator, whose definitions must then be there. @default false: nobody is told */
  prometheusRules: z.boolean().default(false),
  /** Make `ServiceMonitor`s for the exporter and ESO, and a `ScrapeConfig` for the audit readers. @default false */
  serviceMonitors: z.boolean().default(false),
  /** Labels of all three besides the stack's own: what the Prometheus that is to take them selects by. @default none */
  labels: mapOf(labelKey, labelValue).default({}),
  /** Make a ConfigMap with a Grafana dashboard. @default false */
  dashboard: z.boolean().default(false),
  /** @default none: nobody says how far secrets lag behind Vault */
  exporter: exporter.optional(),
  vault: section({
    /** Name -> address of each node, past any load balancer. @default none: nobody asks nodes one by one */
    nodes: mapOf(dnsLabel, serverUrl).default({}),
  }).prefault({}),
  /** Where audit readers listen, one beside each audit log. @default none: denied reads raise no alert */
  auditReaders: z.array(hostAndPort).default([]),
  /** Of the Prometheus that evaluates the alerts, as operators reach it; `npm run status` asks it. @default none */
  prometheusAddress: resourceUrl.optional(),
  /** Page that alerts link to; an alert's anchor is added. @default docs/runbook.md */
  runbookUrl: resourceUrl.default(RUNBOOK),
}).prefault({});
