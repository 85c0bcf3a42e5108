import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { chartValues } from "../../../components/external-secrets/values.ts";
import { settingsWith } from "../arbitrary-settings.ts";
import { esoManifests } from "../eso-crds.ts";

type Values = Readonly<Record<string, unknown>>;

/** Maps of the chart that take any key. */
const FREE = ["extraArgs", "commonLabels", "resources"];

const { chart } = await esoManifests();
const defaults = parse(await readFile(join(chart, "values.yaml"), "utf8")) as Values;

function valuesWith(field: string, value: unknown): Values {
  return chartValues(settingsWith(["externalSecrets", field], value));
}

function isMap(value: unknown): value is Values {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Dotted paths of the values that the chart does not have; it would ignore them without a word. */
function unknownTo(known: unknown, values: Values, path = ""): readonly string[] {
  return Object.entries(values).flatMap(([key, value]) => {
    const here = `${path}${key}`;
    if (!isMap(known) || !(key in known)) return [here];
    if (FREE.includes(here) || !isMap(value)) return [];
    return unknownTo(known[key], value, `${here}.`);
  });
}

it("sets only values that the chart has", () => {
  expect(unknownTo(defaults, valuesWith("replicas", 2))).toEqual([]);
  expect(unknownTo(defaults, { webhook: { creates: true } })).toEqual(["webhook.creates"]);
});

describe("several replicas", () => {
  it("elect a leader and keep one during a drain; a single one does neither", () => {
    expect(valuesWith("replicas", 2)).toMatchObject({
      replicaCount: 2,
      leaderElect: true,
      podDisruptionBudget: { enabled: true, minAvailable: 1 },
    });
    expect(valuesWith("replicas", 1)).toMatchObject({
      replicaCount: 1,
      leaderElect: false,
      podDisruptionBudget: { enabled: false },
    });
  });
});

it("passes throughput on, numbers as the texts that an argument is", () => {
  expect(valuesWith("concurrency", 7)).toMatchObject({ concurrent: 7 });
  expect(valuesWith("clientQps", 1_000_000)).toMatchObject({ extraArgs: { "client-qps": "1000000" } });
  expect(valuesWith("clientBurst", 9)).toMatchObject({ extraArgs: { "client-burst": "9" } });
});

it("names the service account that the rights are bound to", () => {
  expect(valuesWith("serviceAccount", "eso")).toMatchObject({
    serviceAccount: { create: true, name: "eso" },
  });
});

it("leaves definitions, rights and webhooks out of the release", () => {
  expect(chartValues(settingsWith(["environment"], "dev"))).toMatchObject({
    installCRDs: false,
    rbac: { create: false },
    webhook: { create: false },
    certController: { create: false },
    commonLabels: { "vault-management/environment": "dev" },
  });
});

it("turns off every reconciler of a kind that is not written, and whatever else the chart has of that sort", () => {
  const values = valuesWith("replicas", 1);
  const reconcilers = Object.keys(defaults).filter((key) => key.startsWith("process"));
  expect(reconcilers.length).toBeGreaterThan(0);
  for (const reconciler of reconcilers) expect(values[reconciler]).toBe(false);
});

it("runs without any privilege", () => {
  expect(valuesWith("replicas", 1).securityContext).toEqual({
    enabled: true,
    runAsNonRoot: true,
    runAsUser: 1000,
    readOnlyRootFilesystem: true,
    allowPrivilegeEscalation: false,
    capabilities: { drop: ["ALL"] },
    seccompProfile: { type: "RuntimeDefault" },
  });
});
