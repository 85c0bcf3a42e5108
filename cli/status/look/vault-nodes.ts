import { type VaultConnection, VaultUnreachableError, withVault } from "../../../clients/vault.ts";
import type { Settings } from "../../../config/schema.ts";
import type { VaultNode } from "../document.ts";

type Server = Pick<VaultConnection, "address" | "caPem">;

/** Milliseconds for a node's answer about itself, which costs it nothing. */
const TIMEOUT_MS = 3_000;

/** What `sys/health` says by its status alone. */
const STATES: Readonly<Record<number, VaultNode["state"]>> = {
  200: "active",
  429: "standby",
  472: "standby",
  473: "standby",
  501: "uninitialised",
  503: "sealed",
};

/** The nodes that are declared for monitoring, else those of the stack's `vault.nodes`, else the one address. */
export function declaredNodes(
  { monitoring, vault }: Pick<Settings, "monitoring" | "vault">,
  address: string,
): readonly Pick<VaultNode, "name" | "address">[] {
  const named = Object.entries(monitoring.vault.nodes).map(([name, node]) => ({ name, address: node }));
  if (named.length > 0) return named;
  const addresses = vault.nodes.length > 0 ? vault.nodes : [address];
  return addresses.map((one) => ({ name: new URL(one).host, address: one }));
}

/** Each node's answer about itself, which it gives to anybody. */
export function nodeStates(
  nodes: readonly Pick<VaultNode, "name" | "address">[],
  { caPem }: Pick<Server, "caPem">,
): Promise<readonly VaultNode[]> {
  return Promise.all(
    nodes.map(async (node) => {
      const connection = { address: node.address, timeoutMs: TIMEOUT_MS };
      try {
        const { status, body } = await withVault(
          { ...connection, ...(caPem === undefined ? {} : { caPem }) },
          (client) => client.health(),
        );
        return { ...node, ...stateOf(status, body) };
      } catch (error) {
        return { ...node, state: "unreachable" as const, version: null, why: unreachableText(error) };
      }
    }),
  );
}

function stateOf(
  status: number,
  body: Readonly<Record<string, unknown>>,
): Pick<VaultNode, "state" | "version" | "why"> {
  const state = STATES[status] ?? "unwell";
  return {
    state,
    version: typeof body.version === "string" && body.version !== "" ? body.version : null,
    why: state === "unwell" ? `sys/health answered ${status}` : null,
  };
}

/** The address stands beside it already. */
function unreachableText(error: unknown): string {
  if (!(error instanceof VaultUnreachableError))
    return error instanceof Error ? error.message : String(error);
  return error.message.replace(/^.* cannot be reached: /, "");
}
