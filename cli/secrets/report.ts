import Table from "cli-table3";
import { currentReadable, type SecretState } from "../../freshness/kv-metadata.ts";
import type { DeclaredPath } from "./declared.ts";
import { putCommand } from "./put-command.ts";
import type { MissingReason, MissingReport, MissingValue } from "./values.ts";

const WHY: Readonly<Record<MissingReason, string>> = {
  "no mount": "the mount does not exist yet (up makes it)",
  "no secret": "nothing was ever put there",
  deleted: "the version is deleted",
  "no such version": "the pinned version does not exist",
  "no such property": "the secret has no such property",
};

/** What `missing` says to a person. */
export function missingText({ missing, unseen }: MissingReport, stack: string): string {
  const parts = [
    missing.length === 0 ? "No declared value is missing." : missingTable(missing),
    ...nextCommands(missing, stack),
    ...unseen.map(
      ({ mount, path }) =>
        `Not seen: the properties of ${mount}/${path}; the token lacks read on ${mount}/subkeys/${path}, so only the path was checked.`,
    ),
  ];
  return parts.join("\n");
}

/** What `list` says to a person. */
export function listText(rows: readonly ListRow[]): string {
  if (rows.length === 0) return "The stack declares no secret.";
  const table = plainTable(["mount", "path", "properties", "version", "written", "state"]);
  for (const row of rows) {
    table.push([
      row.mount,
      row.path,
      [...row.properties, ...(row.wholeSecret ? ["(all)"] : [])].join("\n"),
      row.version ?? "-",
      row.createdTime ?? "-",
      row.generated ? `${row.state} (generated)` : row.state,
    ]);
  }
  return table.toString();
}

/** One declared path as `list --json` gives it; `version` and `createdTime` (RFC 3339) are the newest version's. */
export interface ListRow {
  readonly mount: string;
  readonly path: string;
  readonly properties: readonly string[];
  readonly wholeSecret: boolean;
  readonly version: number | null;
  readonly createdTime: string | null;
  readonly state: "present" | "deleted" | "absent" | "no mount";
  /** The program puts it itself. */
  readonly generated: boolean;
}

export function listRow(declared: DeclaredPath, state: SecretState): ListRow {
  const { mount, path, properties, wholeSecret, generated } = declared;
  const newest = state.versions.find(({ version }) => version === state.currentVersion);
  return {
    mount,
    path,
    properties,
    wholeSecret,
    version: newest?.version ?? null,
    createdTime: newest?.createdTime ?? null,
    state: stateText(state),
    generated,
  };
}

function stateText(state: SecretState): ListRow["state"] {
  if (!state.mounted) return "no mount";
  if (state.currentVersion === 0) return "absent";
  return currentReadable(state) === undefined ? "deleted" : "present";
}

/** What `put` says once it is done: names and numbers, never a value. */
export function putText(
  address: string,
  declared: DeclaredPath,
  properties: readonly string[],
  version: number,
): string {
  const { mount, path, externalSecrets, rotations } = declared;
  return [
    `${mount}/${path} is at version ${version} in ${address} (put: ${properties.join(", ")}).`,
    ...(rotations.length === 0
      ? []
      : [`The rotation of ${rotations.join(", ")} takes it from its next run on.`]),
    ...(externalSecrets.length === 0
      ? []
      : ["The operator reads it at its next refresh (refreshInterval); at once with:"]),
    ...externalSecrets.map(
      ({ namespace, name }) =>
        `  kubectl -n ${namespace} annotate externalsecret ${name} force-sync="$(date +%s)" --overwrite`,
    ),
  ].join("\n");
}

function missingTable(missing: readonly MissingValue[]): string {
  const table = plainTable(["path", "property", "why", "read by"]);
  for (const value of missing) {
    table.push([
      `${value.mount}/${value.path}${value.version === undefined ? "" : ` (version ${value.version})`}`,
      value.property ?? "(all)",
      WHY[value.reason],
      readersText(value),
    ]);
  }
  return table.toString();
}

function readersText({ externalSecrets, rotations }: MissingValue): string {
  const names = externalSecrets.map(({ namespace, name }) => `${namespace}/${name}`);
  return [...names, ...rotations.map((name) => `rotation ${name}`)].join("\n");
}

function nextCommands(missing: readonly MissingValue[], stack: string): readonly string[] {
  const puts = new Set(
    missing.filter(({ reason }) => reason !== "no mount").map(({ path }) => `  ${putCommand(path, stack)}`),
  );
  return puts.size === 0 ? [] : ["Put them with:", ...puts];
}

function plainTable(head: string[]) {
  return new Table({ head, style: { head: [], border: [] } });
}
