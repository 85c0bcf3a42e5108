import type { KubeConfig } from "@kubernetes/client-node";
import type { VaultConnection } from "../../clients/vault.ts";
import type { Settings } from "../../config/schema.ts";
import { usedAuthorities } from "../../freshness/authorities.ts";
import { type DeclaredSync, declaredSyncs } from "../../freshness/declared.ts";
import type { Alerts, Raft, Rotation, VaultNode } from "./document.ts";
import { alertsOf } from "./look/alerts.ts";
import { type AuthorityEnd, authorityEnds } from "./look/authorities.ts";
import { type ClusterFacts, clusterFacts } from "./look/cluster.ts";
import { openIncidents } from "./look/incidents.ts";
import { type Metadata, metadataOf } from "./look/metadata.ts";
import { jobFacts, rotations } from "./look/rotations.ts";
import { auditDevices, raftState, withAsking } from "./look/vault.ts";
import { declaredNodes, nodeStates } from "./look/vault-nodes.ts";
import { type Seen, seen } from "./seen.ts";

/** Where to look, each as far as it is known. */
export interface Places {
  /** Where Vault is, for what it tells anybody. */
  readonly server: Pick<VaultConnection, "address" | "caPem">;
  /** The same, with who asks. */
  readonly vault: Seen<VaultConnection>;
  readonly kubernetes: Seen<KubeConfig>;
  /** Absent: nobody is asked which alerts fire. */
  readonly prometheus?: string;
}

/** Everything that one look gave. */
export interface Facts {
  readonly syncs: readonly DeclaredSync[];
  readonly nodes: readonly VaultNode[];
  readonly raft: Seen<Raft>;
  readonly audit: Seen<readonly string[]>;
  readonly incidents: Seen<{ readonly open: number }>;
  /** None where no CA issues. */
  readonly authorities: Seen<readonly AuthorityEnd[]>;
  readonly metadata: Metadata;
  readonly cluster: ClusterFacts;
  /** None where nothing rotates. */
  readonly rotations: Seen<readonly Rotation[]>;
  /** Why the Jobs of rotations could not be seen, where that was so. */
  readonly jobsUnseen?: string;
  /** Absent where nobody was asked. */
  readonly alerts?: Seen<Alerts>;
}

/** Looks everywhere at once. What cannot be seen is said in words, and hides nothing else. */
export async function lookAround(settings: Settings, places: Places): Promise<Facts> {
  const syncs = declaredSyncs(settings);
  const { prometheus } = places;
  const [nodes, inVault, cluster, alerts] = await Promise.all([
    nodeStates(declaredNodes(settings, places.server.address), places.server),
    vaultFacts(settings, places, syncs),
    clusterFacts(settings, places.kubernetes, syncs),
    prometheus === undefined ? undefined : seen(() => alertsOf(prometheus, settings.environment)),
  ]);
  return { syncs, nodes, ...inVault, cluster, ...(alerts === undefined ? {} : { alerts }) };
}

async function vaultFacts(
  settings: Settings,
  { vault, kubernetes }: Places,
  syncs: readonly DeclaredSync[],
): Promise<
  Pick<Facts, "raft" | "audit" | "incidents" | "authorities" | "metadata" | "rotations" | "jobsUnseen">
> {
  const { rotation } = settings;
  return withAsking(vault, async (ask) => {
    const [raft, audit, incidents, authorities, metadata, keys] = await Promise.all([
      ask(raftState),
      ask(auditDevices),
      ask((client) => openIncidents(client, settings)),
      ask((client) => authorityEnds(client, usedAuthorities(settings))),
      ask((client) => metadataOf(client, syncs)),
      rotation === undefined
        ? { jobs: undefined, found: { found: [] } }
        : jobFacts(rotation, kubernetes).then(async (jobs) => ({
            jobs,
            found: await ask((client) => rotations(client, rotation, jobs, new Date())),
          })),
    ]);
    return {
      ...{ raft, audit, incidents, authorities, rotations: keys.found },
      metadata: "found" in metadata ? metadata.found : { known: new Map(), unseen: metadata.unseen },
      ...(keys.jobs !== undefined && "unseen" in keys.jobs ? { jobsUnseen: keys.jobs.unseen } : {}),
    };
  });
}
