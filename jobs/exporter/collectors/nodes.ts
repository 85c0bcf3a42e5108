import { NoAnswerError } from "../../shared/http.ts";
import type { Collector, NodeHealth } from "../seen.ts";
import type { ExporterSpec } from "../spec.ts";
import type { ExporterVault } from "../vault.ts";

/** Stands for all nodes where none is declared. */
export const WHOLE = "vault";

/** Of an initialised, unsealed node that leads (https://developer.hashicorp.com/vault/api-docs/system/health). */
const ACTIVE = 200;

/** Each node as it answers for itself. One that is down is a finding, and no failure of the exporter. */
export function nodesCollector(
  { vault: { address, nodes } }: Pick<ExporterSpec, "vault">,
  vault: Pick<ExporterVault, "health" | "leaderAddress">,
): Collector {
  const declared = Object.entries(nodes);
  const asked = declared.length === 0 ? [[WHOLE, address] as const] : declared;
  return async () => {
    const found = await Promise.all(asked.map(([node, at]) => healthOf(node, at, vault)));
    // What answers at one address for all may be a standby, which still knows its leader.
    const elsewhere = declared.length === 0 && (await vault.leaderAddress().catch(() => "")) !== "";
    return { seen: { nodes: found, hasLeader: elsewhere || found.some(({ leader }) => leader) } };
  };
}

async function healthOf(
  node: string,
  address: string,
  vault: Pick<ExporterVault, "health">,
): Promise<NodeHealth> {
  try {
    const { status, json } = await vault.health(address);
    const { sealed } = typeof json === "object" && json !== null ? (json as { sealed?: unknown }) : {};
    return {
      node,
      up: true,
      leader: status === ACTIVE,
      ...(typeof sealed === "boolean" ? { sealed } : {}),
    };
  } catch (error) {
    if (error instanceof NoAnswerError) return { node, up: false, leader: false };
    throw error;
  }
}
