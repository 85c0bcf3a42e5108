import { nextRun } from "../../config/cron.ts";
import type { DatabaseRole } from "../../config/databases-settings.ts";

/**
 * The roles in the order in which they are to be made. Vault changes an account's password as it makes its role, and of two
 * that take turns the Secret has the one that was changed last: so the one whose turn comes later is made last, or the next
 * turn would end the password that is in use.
 */
export function inTurn(roles: readonly DatabaseRole[], now: Date): readonly DatabaseRole[] {
  return roles.toSorted((a, b) => turnOf(a, now) - turnOf(b, now));
}

/** Milliseconds since 1970; of a role that shares its turns with none, 0. */
function turnOf(role: DatabaseRole, now: Date): number {
  if (role.kind !== "static" || role.twin === undefined || role.rotationSchedule === undefined) return 0;
  return nextRun(role.rotationSchedule, "Etc/UTC", now)?.getTime() ?? Number.POSITIVE_INFINITY;
}
