import { memoryPlace } from "../../../access/operators/denial.ts";
import type { VaultClient } from "../../../clients/vault.ts";
import type { Settings } from "../../../config/schema.ts";
import { readState } from "../../secrets/kv.ts";

/**
 * How many break-glass incidents are open, by the metadata of what the break-glass command remembers; 0 before the first.
 * The memory itself is not read.
 */
export async function openIncidents(
  client: VaultClient,
  settings: Pick<Settings, "vault" | "environment">,
): Promise<{ readonly open: number }> {
  const { mount, path } = memoryPlace(settings);
  const { custom } = await readState(client, mount, path);
  return { open: Number(custom.open ?? 0) };
}
