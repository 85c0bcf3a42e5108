import type { Watcher } from "../../access/exporter.ts";
import { type AccessMatrix, type Login, SESSION_GRANTS } from "../../access/matrix.ts";
import type { Rotator } from "../../access/rotators.ts";
import { codeSpan } from "../../access/words.ts";
import { blocks, LEGEND, type NamespaceBlock, sharedPaths, summary } from "./layout.ts";
import { tableMarkdown, tableText } from "./tables.ts";

const SESSION = SESSION_GRANTS.map(({ path, capability }) => `${capability} on ${path}`).join(", ");

/** The matrix for a terminal. */
export function matrixText(matrix: AccessMatrix): string {
  return [
    summary(matrix),
    LEGEND,
    ...blocks(matrix).flatMap((block) => ["", ...blockText(block)]),
    ...sharedText(matrix),
    ...rotatorsText(matrix),
    ...watchersText(matrix),
    "",
    `Every login also has, for its own token alone: ${SESSION}.`,
  ].join("\n");
}

/** The matrix as GitHub-flavoured Markdown. */
export function matrixMarkdown(matrix: AccessMatrix): string {
  return [
    `### Who can read what: ${summary(matrix)}`,
    "",
    LEGEND,
    ...blocks(matrix).flatMap((block) => ["", ...blockMarkdown(block)]),
    ...sharedPaths(matrix).map(
      ({ path, accounts }) =>
        `\n${codeSpan(path)} is read by several logins: ${accounts.map(codeSpan).join(", ")}`,
    ),
    ...rotatorsMarkdown(matrix),
    ...watchersMarkdown(matrix),
    "",
    `Every login also has, for its own token alone: ${SESSION}.`,
  ].join("\n");
}

function blockText({ namespace, logins, head, rows, empty }: NamespaceBlock): readonly string[] {
  return [
    `namespace ${namespace}`,
    ...logins.map((login) => `  ${loginWords(login, (name) => name)}`),
    ...empty.map((service) => `  ${service} has no secrets and no login`),
    ...(rows.length === 0 ? ["  no path declared"] : [tableText(head, rows)]),
  ];
}

function blockMarkdown({ namespace, logins, head, rows, empty }: NamespaceBlock): readonly string[] {
  return [
    `#### ${codeSpan(namespace)}`,
    ...logins.map((login) => `- ${loginWords(login, codeSpan)}`),
    ...empty.map((service) => `- ${codeSpan(service)} has no secrets and no login`),
    ...(rows.length === 0 ? ["- no path declared"] : ["", ...tableMarkdown(head, rows.map(withCode))]),
  ];
}

function loginWords(
  { namespace, serviceAccount, role, service, policies }: Login,
  written: (name: string) => string,
): string {
  const account = written(`${namespace}/${serviceAccount}`);
  const whose = service === undefined ? "" : ` for ${written(service)}`;
  return `service account ${account} logs in as role ${written(role)}${whose}: policies ${policies.map(written).join(", ")}`;
}

function sharedText(matrix: AccessMatrix): readonly string[] {
  const shared = sharedPaths(matrix);
  if (shared.length === 0) return [];
  const lines = shared.map(({ path, accounts }) => `  ${path}: ${accounts.join(", ")}`);
  return ["", "Read by several logins:", ...lines];
}

function rotatorsText({ rotators }: AccessMatrix): readonly string[] {
  return rotators.flatMap((rotator) => [
    "",
    `rotation of ${rotator.key}`,
    `  ${accountWords(rotator, (name) => name)}`,
    ...rotator.grants.map(({ path, capabilities }) => `  ${capabilities.join(", ")} on ${path}`),
  ]);
}

function rotatorsMarkdown({ rotators }: AccessMatrix): readonly string[] {
  return rotators.flatMap((rotator) => [
    "",
    `#### Rotation of ${codeSpan(rotator.key)}`,
    `- ${accountWords(rotator, codeSpan)}`,
    ...rotator.grants.map(({ path, capabilities }) => `- ${capabilities.join(", ")} on ${codeSpan(path)}`),
  ]);
}

function watchersText({ watchers }: AccessMatrix): readonly string[] {
  return watchers.flatMap((watcher) => [
    "",
    "the exporter, which reads no value",
    `  ${accountWords(watcher, (name) => name)}`,
    ...watcher.grants.map(({ path, capabilities }) => `  ${capabilities.join(", ")} on ${path}`),
  ]);
}

function watchersMarkdown({ watchers }: AccessMatrix): readonly string[] {
  return watchers.flatMap((watcher) => [
    "",
    "#### The exporter, which reads no value",
    `- ${accountWords(watcher, codeSpan)}`,
    ...watcher.grants.map(({ path, capabilities }) => `- ${capabilities.join(", ")} on ${codeSpan(path)}`),
  ]);
}

function accountWords(
  { namespace, serviceAccount, role, policies }: Rotator | Watcher,
  written: (name: string) => string,
): string {
  const account = written(`${namespace}/${serviceAccount}`);
  return `service account ${account} logs in as role ${written(role)}: policies ${policies.map(written).join(", ")}`;
}

function withCode([path = "", ...rest]: readonly string[]): readonly string[] {
  return [codeSpan(path), ...rest];
}
