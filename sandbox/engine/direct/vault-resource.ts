import { type VaultClient, VaultError } from "../../../clients/vault.ts";
import { sameValue } from "../../../resources/same.ts";
import type { Fields } from "../../../resources/values.ts";
import { type VaultType, vaultTypes } from "../../../resources/vault-types.ts";
import { until } from "../../processes/until.ts";
import type { ChangeAction } from "../engine.ts";

/**
 * Brings one Vault resource to its inputs: reads first and writes only on a difference, then reads back, since Vault
 * ignores fields that it does not know.
 * @returns the path of the thing, as the resource's id
 */
export async function applyVault(
  vault: VaultClient,
  type: string,
  inputs: Fields,
): Promise<{ readonly id: string; readonly action: ChangeAction }> {
  const parts = vaultTypes[type] ?? [];
  const actions: ChangeAction[] = [];
  for (const part of parts) actions.push(await applyPart(vault, part, inputs));
  const action = actions[0] === "created" ? "created" : (actions.find((one) => one !== "same") ?? "same");
  return { id: parts[0]?.path(inputs) ?? "", action };
}

async function applyPart(vault: VaultClient, type: VaultType, inputs: Fields): Promise<ChangeAction> {
  const path = type.path(inputs);
  const declared = type.declared(inputs);
  const before = await read(vault, type, path);
  if (before !== undefined && differences(declared, before).length === 0) return "same";
  if (before === undefined) await write(vault, type.create(path, declared));
  else await change(vault, type, path, declared);
  await requireTaken(vault, type, path, declared);
  return before === undefined ? "created" : "updated";
}

async function change(vault: VaultClient, type: VaultType, path: string, declared: Fields): Promise<void> {
  if (type.update !== undefined) return write(vault, type.update(path, declared));
  await vault.delete(path);
  await write(vault, type.create(path, declared));
}

async function requireTaken(
  vault: VaultClient,
  type: VaultType,
  path: string,
  declared: Fields,
): Promise<void> {
  const after = (await read(vault, type, path)) ?? {};
  const names = differences(declared, after);
  if (names.length === 0) return;
  const details = names.map(
    (name) => `${name}: declared ${show(declared[name])}, found ${show(after[name])}`,
  );
  throw new Error(
    `Vault did not take everything at ${path}: ${details.join("; ")}. Vault ignores fields that it does not know, ` +
      "and a mount's type cannot change.",
  );
}

function differences(declared: Fields, found: Fields): readonly string[] {
  return Object.keys(declared).filter((name) => !sameValue(declared[name], found[name]));
}

async function read(vault: VaultClient, type: VaultType, path: string): Promise<Fields | undefined> {
  return settled(() => type.read(vault, path));
}

async function write(
  vault: VaultClient,
  { path, body }: { readonly path: string; readonly body: Fields },
): Promise<void> {
  await settled(() => vault.write(path, body));
}

/** A KV version 2 mount answers 400 while it prepares itself, which takes moments (Vault's own "Upgrading from..."). */
export async function settled<T>(request: () => Promise<T>): Promise<T> {
  const outcome = await until(
    "Vault had prepared the mount",
    { deadlineMs: 30_000, intervalMs: 200 },
    async () => {
      try {
        return { value: await request() };
      } catch (error) {
        if (error instanceof VaultError && /upgrading from non-versioned/i.test(error.message))
          return undefined;
        throw error;
      }
    },
  );
  return outcome.value;
}

function show(value: unknown): string {
  return JSON.stringify(value) ?? "nothing";
}
