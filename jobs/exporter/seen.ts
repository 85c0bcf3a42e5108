import type { LiveObject } from "../../components/external-secrets/judgement.ts";
import type { SecretState } from "../../freshness/kv-metadata.ts";

/** What a node of Vault says of itself; a node that does not answer says nothing of its seal. */
export interface NodeHealth {
  readonly node: string;
  readonly up: boolean;
  readonly sealed?: boolean;
  readonly leader: boolean;
}

/** What the leader says of a member of its raft. */
export interface RaftMember {
  /** Its raft node id. */
  readonly node: string;
  readonly healthy: boolean;
  readonly lagEntries: number;
  readonly lastContactSeconds: number;
}

/** The newest of what the exporter has seen; what is absent was never seen. Maps are by `<namespace>/<name>` or by request path. */
export interface Seen {
  readonly externalSecrets: ReadonlyMap<string, LiveObject>;
  /** Namespaces that have been looked at: an ExternalSecret that is not there is missing, not unknown. */
  readonly namespaces: ReadonlySet<string>;
  readonly stores: ReadonlyMap<string, LiveObject>;
  readonly metadata: ReadonlyMap<string, SecretState>;
  /** CronJob -> when it was made, RFC 3339. */
  readonly cronJobs: ReadonlyMap<string, string>;
  /** When each CA ends. */
  readonly authorities: ReadonlyMap<string, Date>;
  readonly nodes?: readonly NodeHealth[];
  readonly hasLeader?: boolean;
  readonly raft?: readonly RaftMember[];
  readonly auditDevices?: number;
  /** Whether Vault serves its own metrics. */
  readonly telemetry?: boolean;
  /** Since the exporter began to look. */
  readonly auditFailures?: number;
  readonly openIncidents?: number;
}

export const nothingSeen: Seen = {
  externalSecrets: new Map(),
  namespaces: new Set(),
  stores: new Map(),
  metadata: new Map(),
  cronJobs: new Map(),
  authorities: new Map(),
};

/** What a collector has found, and what it could not find out. */
export interface Found {
  readonly seen: Partial<Seen>;
  readonly failures?: readonly string[];
}

/** Looks at one concern; one that throws has found nothing, and what was seen before stays. */
export type Collector = (before: Seen) => Promise<Found>;

export function keyOf({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `${namespace}/${name}`;
}
