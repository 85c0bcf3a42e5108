import Table from "cli-table3";
import type { BootstrapChange } from "./plan.ts";

const DONE: Readonly<Record<BootstrapChange["action"], string>> = {
  create: "created",
  change: "changed",
  remove: "removed",
  keep: "as declared",
};

const PLANNED: Readonly<Record<BootstrapChange["action"], string>> = {
  create: "to create",
  change: "to change",
  remove: "to remove",
  keep: "as declared",
};

/** Everything that bootstrap sets up, with what was done about it, or with `plan` what would be. */
export function planText(changes: readonly BootstrapChange[], { plan }: { readonly plan?: true }): string {
  const words = plan ? PLANNED : DONE;
  const table = new Table({ head: ["", "what", "path or name", "fields"], style: { head: [], border: [] } });
  for (const { kind, path, action, fields } of changes) {
    table.push([words[action], kind, path, fields.join(", ")]);
  }
  const count = changes.filter(({ action }) => action !== "keep").length;
  const last = plan
    ? `${count} of ${changes.length} to be done; nothing was changed.`
    : `${count} of ${changes.length} done; the others were as declared.`;
  return `${table.toString()}\n${count === 0 ? "Everything is as declared." : last}`;
}

/** One line of progress. */
export function doneLine({ kind, path, action }: BootstrapChange): string {
  return `${DONE[action]} ${kind} ${path}`;
}
