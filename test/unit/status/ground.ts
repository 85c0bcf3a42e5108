import type { Live } from "../../../cli/status/live.ts";
import type { Facts } from "../../../cli/status/look.ts";
import { reportOf } from "../../../cli/status/report.ts";
import { parseSettings } from "../../../config/parse.ts";
import type { Settings } from "../../../config/schema.ts";
import { declaredSyncs } from "../../../freshness/declared.ts";
import type { SecretState } from "../../../freshness/kv-metadata.ts";
import { changed } from "../config/declarations.ts";

export const NOW = new Date("2026-11-27T03:00:00Z");

/** Two hourly secrets in one namespace, each of a path of its own. */
export const settings: Settings = parseSettings(
  changed(["namespaces", "llm", "services", "llm-gateway", "secrets"], {
    "openai-api-key": { refreshInterval: "1h", data: { api_key: "llm/openai#api_key" } },
    "anthropic-api-key": { refreshInterval: "1h", data: { api_key: "llm/anthropic#api_key" } },
  }),
  "Pulumi.test.yaml",
);

export const context = { settings, stack: "dev", kubeContext: "voyager-dev" };
export const syncs = declaredSyncs(settings);

/** An object of which ESO says that it is Ready since two o'clock, and that its last sync was then. */
export function ready(name: string, namespace = "llm", fields: object = {}): Live {
  return {
    metadata: { name, namespace, generation: 1, creationTimestamp: "2026-11-01T00:00:00Z" },
    status: {
      conditions: [
        { type: "Ready", status: "True", reason: "SecretSynced", lastTransitionTime: "2026-11-27T02:00:00Z" },
      ],
      syncedResourceVersion: "1-abc",
      refreshTime: "2026-11-27T02:30:00Z",
      ...fields,
    },
  };
}

/** One that fails since ten to three. */
export function failing(name: string, message: string, namespace = "llm", fields: object = {}): Live {
  return ready(name, namespace, {
    conditions: [
      {
        ...{ type: "Ready", status: "False", reason: "SecretSyncedError", message },
        lastTransitionTime: "2026-11-27T02:50:00Z",
      },
    ],
    ...fields,
  });
}

/** A path with one version, written then. */
export function written(createdTime: string): SecretState {
  return {
    mounted: true,
    currentVersion: 1,
    versions: [{ version: 1, createdTime, readable: true }],
    custom: {},
  };
}

export const emptyPath: SecretState = { mounted: true, currentVersion: 0, versions: [], custom: {} };

export const metadata: ReadonlyMap<string, SecretState> = new Map([
  ["kv/llm/openai", written("2026-11-20T00:00:00Z")],
  ["kv/llm/anthropic", written("2026-11-20T00:00:00Z")],
]);

const node = (name: string, state: "active" | "standby") =>
  ({ name, address: `https://${name}:8200`, state, version: "1.21.1", why: null }) as const;

/** Everything seen, and well. */
export const wellFacts: Facts = {
  syncs,
  nodes: [node("vault-1", "active"), node("vault-2", "standby"), node("vault-3", "standby")],
  raft: {
    found: {
      ...{ healthy: true, leader: "vault-1", voters: 3, failureTolerance: 1 },
      servers: ["vault-1", "vault-2", "vault-3"].map((name) => ({
        ...{ name, healthy: true, lastContact: "10ms", lagEntries: 0 },
      })),
    },
  },
  audit: { found: ["file", "stdout"] },
  incidents: { found: { open: 0 } },
  authorities: { found: [] },
  metadata: { known: metadata },
  cluster: {
    operator: { found: { desired: 1, available: 1, version: "v0.20.4", since: "2026-11-01T00:00:00Z" } },
    stores: { found: [ready("vault-store", "llm"), ready("vault-store", "user")] },
    externalSecrets: { found: [ready("openai-api-key"), ready("anthropic-api-key")] },
    warnings: new Map(),
  },
  rotations: { found: [] },
};

export function reported(facts: Partial<Facts>, where: Partial<typeof context> = {}) {
  return reportOf({ ...wellFacts, ...facts }, { ...context, ...where }, NOW, NOW);
}

/** The same with other words of the cluster. */
export function withCluster(cluster: Partial<Facts["cluster"]>): Pick<Facts, "cluster"> {
  return { cluster: { ...wellFacts.cluster, ...cluster } };
}
