import { describe, expect, it } from "vitest";
import { dashboard } from "../../../components/monitoring/dashboard/dashboard.ts";
import { DATASOURCE } from "../../../components/monitoring/dashboard/panels.ts";
import { dashboardConfigMap } from "../../../components/monitoring/manifests.ts";
import { watched } from "./declarations.ts";
import { checkRules, promtool } from "./promtool.ts";

interface BuiltPanel {
  readonly type: string;
  readonly title?: string;
  readonly description?: string;
  readonly gridPos?: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly refId?: string; readonly expr: string }[];
  readonly datasource?: unknown;
}

const built = dashboard("dev");
const panels = (built.panels ?? []) as readonly BuiltPanel[];
const queried = panels.filter(({ type }) => type !== "row");

describe("the dashboard", () => {
  it("has a row for each concern", () => {
    expect(panels.filter(({ type }) => type === "row").map(({ title }) => title)).toEqual([
      ...["Sync", "Stores", "Rotations", "Certificates", "Vault", "Break-glass"],
    ]);
  });

  it("asks the Prometheus that whoever looks has chosen, and says of each panel what it shows", () => {
    for (const { datasource, description, targets = [] } of queried) {
      expect(datasource).toEqual({ type: "prometheus", uid: `\${${DATASOURCE}}` });
      expect(description).toMatch(/\.$/);
      expect(targets.length).toBeGreaterThan(0);
      expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length);
    }
  });

  it("covers no panel with another", () => {
    const places = panels.map(({ gridPos }) => gridPos ?? { x: 0, y: 0, w: 0, h: 0 });
    for (const [index, a] of places.entries()) {
      expect(a.x + a.w).toBeLessThanOrEqual(24);
      for (const b of places.slice(index + 1)) {
        const apart = a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y;
        expect(apart).toBe(true);
      }
    }
  });

  promtool("has queries that Prometheus takes", async () => {
    const queries = queried.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
    await checkRules(
      queries.map((expr, index) => ({
        alert: `Query${index}`,
        expr: expr.replaceAll("$__rate_interval", "5m"),
        ...{ for: "1m", labels: {}, annotations: {} },
      })),
    );
  });

  it("stands in a ConfigMap that Grafana's sidecar loads, a stack's own", () => {
    const { metadata, data } = dashboardConfigMap(watched(), "vault-monitoring");
    expect(metadata).toMatchObject({
      namespace: "vault-monitoring",
      labels: { grafana_dashboard: "1", "vault-management/environment": "dev" },
    });
    const [text = ""] = Object.values(data);
    expect(JSON.parse(text)).toMatchObject({ uid: "vault-management-dev", title: "Secrets from Vault: dev" });
    expect(dashboard("prod").uid).not.toBe(built.uid);
  });
});
