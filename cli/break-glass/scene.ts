import type { Settings } from "../../config/schema.ts";
import type { BreakGlassCluster } from "./cluster.ts";
import type { DeniedGroups } from "./denied-groups.ts";
import type { MemoryStore } from "./memory-store.ts";
import type { RecordedVault, Recorder } from "./recorder.ts";

/** What every command works with. */
export interface Scene {
  readonly settings: Settings;
  readonly stack: string;
  readonly vault: RecordedVault;
  /** A text that says why there is no cluster to ask. */
  readonly cluster: BreakGlassCluster | string;
  readonly recorder: Recorder;
  readonly store: MemoryStore;
  readonly groups: DeniedGroups;
}

/** Who runs the command, as Vault and the cluster know them. */
export interface Who {
  readonly vaultDisplayName: string;
  readonly vaultEntity: string | null;
  readonly vaultPolicies: readonly string[];
  readonly kubernetesUser: string | null;
}

export async function whoAmI({ vault, cluster }: Scene): Promise<Who> {
  const [self, user] = await Promise.all([
    vault.read("auth/token/lookup-self"),
    typeof cluster === "string" ? cluster : cluster.user(),
  ]);
  return {
    vaultDisplayName: String(self?.display_name ?? "unknown"),
    vaultEntity: typeof self?.entity_id === "string" && self.entity_id !== "" ? self.entity_id : null,
    vaultPolicies: [self?.policies, self?.identity_policies].flatMap((list) =>
      Array.isArray(list) ? list.map(String) : [],
    ),
    kubernetesUser: typeof user === "string" ? null : user.name,
  };
}
