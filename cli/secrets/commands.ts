import type { VaultClient } from "../../clients/vault.ts";
import type { Settings } from "../../config/schema.ts";
import { withStackVault } from "../connection.ts";
import { stackSettings } from "../stack.ts";
import { findDeclared, refuseGenerated } from "./declared.ts";
import { valuesToPut } from "./input.ts";
import { readState } from "./kv.ts";
import { listRow, listText, missingText, putText } from "./report.ts";
import { declaredStates, missingValues, noMount, putValues } from "./values.ts";

/** Exit code of `missing` when something is; 1 is kept for errors. */
export const SOMETHING_MISSING = 2;

export interface CommonOptions {
  readonly stack: string;
  readonly json?: true;
}

export interface PutOptions {
  readonly stack: string;
  readonly mount?: string;
  readonly property?: string;
}

/** @returns the exit code: 0, or {@link SOMETHING_MISSING} */
export async function missing({ stack, json }: CommonOptions): Promise<number> {
  return withVault(stack, async (client, settings) => {
    const report = await missingValues(client, settings);
    console.log(json ? JSON.stringify(report, null, 2) : missingText(report, stack));
    return report.missing.length === 0 ? 0 : SOMETHING_MISSING;
  });
}

export async function list({ stack, json }: CommonOptions): Promise<number> {
  return withVault(stack, async (client, settings) => {
    const states = await declaredStates(client, settings);
    const rows = states.map(({ declared, state }) => listRow(declared, state));
    console.log(json ? JSON.stringify(rows, null, 2) : listText(rows));
    return 0;
  });
}

/** Everything that can be refused is refused before a value is asked for. */
export async function put(path: string, { stack, mount, property }: PutOptions): Promise<number> {
  return withVault(stack, async (client, settings) => {
    const declared = findDeclared(settings, path, mount);
    refuseGenerated(declared);
    const base = await readState(client, declared.mount, declared.path);
    if (!base.mounted) throw noMount(declared.mount);
    const values = await valuesToPut(declared, property);
    const version = await putValues(client, declared.mount, declared.path, values, base);
    console.log(putText(client.address, declared, Object.keys(values), version));
    return 0;
  });
}

async function withVault(
  stack: string,
  work: (client: VaultClient, settings: Settings) => Promise<number>,
): Promise<number> {
  const settings = await stackSettings(stack);
  return withStackVault(settings, (client) => work(client, settings));
}
