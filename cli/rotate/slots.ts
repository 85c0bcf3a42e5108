import type { VaultClient } from "../../clients/vault.ts";
import type { RotationKey } from "../../config/rotation-settings.ts";
import { currentReadable, type SecretState } from "../../freshness/kv-metadata.ts";
import { type RotationReport, readReport } from "../../jobs/rotator/report.ts";
import { readState, readSubkeys } from "../secrets/kv.ts";

/** What Vault's metadata says of a rotated key; no value was read for it. */
export interface Slots {
  readonly live: SecretState;
  readonly state: SecretState;
  /** What the last run said when it ended. */
  readonly report?: RotationReport;
  /**
   * unused: no rotation has begun. reported: `report` tells of the state as it is. supplied: an operator has put a key that
   * no run has taken up. unreported: a run is under way, or was cut off before it could report.
   */
  readonly standing: "unused" | "reported" | "supplied" | "unreported";
}

/** Needs read on the metadata of both slots; and on the subkeys of the state's, to tell a key that an operator put. */
export async function readSlots(
  client: VaultClient,
  key: Pick<RotationKey, "live" | "state" | "providerSpec">,
): Promise<Slots> {
  const [live, state] = await Promise.all([
    readState(client, key.live.mount, key.live.path),
    readState(client, key.state.mount, key.state.path),
  ]);
  const report = readReport(state.custom);
  const facts = { live, state, ...(report === undefined ? {} : { report }) };
  if (currentReadable(state) === undefined) return { ...facts, standing: "unused" };
  if (report?.version === state.currentVersion) return { ...facts, standing: "reported" };
  return { ...facts, standing: (await isSupplied(client, key)) ? "supplied" : "unreported" };
}

/** Only operators stage keys of a provider that makes none; once a run promotes it, the state has a `basis` as well. */
async function isSupplied(
  client: VaultClient,
  { providerSpec, state }: Pick<RotationKey, "state" | "providerSpec">,
): Promise<boolean> {
  if (providerSpec.kind !== "manual") return false;
  const names = await readSubkeys(client, state.mount, state.path);
  return names !== "refused" && Object.hasOwn(names, "staged") && !Object.hasOwn(names, "basis");
}
