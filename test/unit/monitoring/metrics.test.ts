import { describe, expect, it } from "vitest";
import { dashboard } from "../../../components/monitoring/dashboard/dashboard.ts";
import { metrics as ofReader } from "../../../jobs/audit-reader/metrics.ts";
import { metrics as ofExporter } from "../../../jobs/exporter/metrics.ts";
import { rulesOf, watched } from "./declarations.ts";

const known: Readonly<Record<string, { readonly labels: readonly string[] }>> = {
  ...ofExporter,
  ...ofReader,
};

interface Panel {
  readonly title?: string;
  readonly targets?: readonly { readonly expr: string }[];
}

const panels = (dashboard("dev").panels ?? []) as readonly Panel[];
const queries = [
  ...rulesOf(watched()).map(({ alert, expr }) => [alert, expr] as const),
  ...panels.flatMap(({ title = "", targets = [] }) => targets.map(({ expr }) => [title, expr] as const)),
];

describe.each(queries)("the query of %s", (_name, expr) => {
  it("is over metrics that the exporter or the audit reader have, by labels that these have", () => {
    for (const [, metric = "", , matchers = ""] of expr.matchAll(/vault_management_(\w+)(\{([^}]*)\})?/g)) {
      expect(Object.keys(known)).toContain(metric);
      const labels = [...matchers.matchAll(/(\w+)=~?"/g)].map(([, label]) => label);
      const own = [...(known[metric]?.labels ?? []), metric in ofExporter ? "environment" : "instance"];
      for (const label of labels) expect(own, metric).toContain(label);
    }
  });
});
