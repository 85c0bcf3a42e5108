import type { VaultClient } from "../../clients/vault.ts";
import type { RotationKey } from "../../config/rotation-settings.ts";
import { newState, OPERATOR_RUN, stagedByOperator } from "../../jobs/rotator/state.ts";
import { explained } from "../secrets/kv.ts";
import { isOvertaken } from "../secrets/values.ts";
import { rotateCommand } from "./command-line.ts";
import type { Slots } from "./slots.ts";

export interface Supplied {
  readonly value: string;
  /** The provider's own name for the key, by which it is revoked. */
  readonly id?: string;
}

/**
 * Says no to what cannot be put, before a value is asked for.
 * @throws Error
 */
export function refusePut(
  key: RotationKey,
  { standing, report }: Slots,
  id: string | undefined,
  stack: string,
): void {
  const { name, provider, providerSpec } = key;
  if (providerSpec.kind !== "manual") {
    throw new Error(
      `${provider} makes the keys of ${name} itself (kind: ${providerSpec.kind}), so none is put. A new one at once: ` +
        rotateCommand("now", name, stack),
    );
  }
  if (id !== undefined && providerSpec.revoke === undefined) {
    throw new Error(
      `--id is what a key is revoked by, and ${provider} declares no revoke: leave it out, and archive the old key by hand`,
    );
  }
  const busy = standing === "unreported" || (standing === "reported" && report?.phase !== "idle");
  if (!busy) return;
  throw new Error(
    `A run of ${name} is under way, or was cut off. Let it end (${rotateCommand("status", name, stack)}), or end it with ` +
      `${rotateCommand("now", name, stack)}; then put the key. Nothing was written.`,
  );
}

/** What becomes of a key that was put earlier and waits still: its id is beside its value, where nobody reads. */
export function replacedText({ standing, state }: Slots): string | undefined {
  if (standing !== "supplied") return undefined;
  const waiting = state.versions.find(({ version }) => version === state.currentVersion);
  const when = waiting === undefined ? "earlier" : `at ${waiting.createdTime}`;
  return (
    `It replaces the key that was put ${when} and that no run has taken up. That one is still valid, and nothing will ` +
    "revoke it: archive it at the provider."
  );
}

/**
 * Stages a key where the rotator looks for it. Vault does the merging, so that nothing is read; check-and-set against what
 * `slots` saw. Needs `create` for a first key and `patch` for a later one.
 * @throws Error when a run or another operator wrote meanwhile; nothing is written then
 */
export async function putKey(
  client: VaultClient,
  { name, state, namePrefix }: Pick<RotationKey, "name" | "state" | "namePrefix">,
  { standing, report, state: { currentVersion } }: Slots,
  supplied: Supplied,
): Promise<void> {
  const target = `${state.mount}/data/${state.path}`;
  const first = standing === "unused";
  const next = stagedByOperator({ ...newState, generation: report?.generation ?? 0 }, namePrefix, supplied);
  const { generation, run, phase, staged } = next;
  const again = { run: OPERATOR_RUN, staged: { value: supplied.value, id: supplied.id ?? null } };
  const data = first
    ? stagedByOperator(undefined, namePrefix, supplied)
    : standing === "supplied"
      ? again
      : { generation, run, phase, staged };
  try {
    await client.request(first ? "POST" : "PATCH", target, { options: { cas: currentVersion }, data });
  } catch (error) {
    if (!isOvertaken(error)) throw explained(error, first ? "create" : "patch", target);
    throw new Error(
      `The state of ${name} was changed since this command began, by a run or by somebody else: nothing was written. Look at ` +
        "it, and run the command again.",
    );
  }
}
