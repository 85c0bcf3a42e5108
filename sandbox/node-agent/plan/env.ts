import type { ConfigMap, Container, EnvVar, Pod, Secret } from "../api/types.ts";
import { expand } from "./expand.ts";

/** Looks up what an environment refers to; undefined when the object does not exist. */
export type References = {
  readonly configMap: (name: string) => ConfigMap | undefined;
  readonly secret: (name: string) => Secret | undefined;
};

/** A reference of the pod spec that cannot be resolved now. kubelet's reason for it is CreateContainerConfigError. */
export class ConfigError extends Error {
  override readonly name = "CreateContainerConfigError";
}

export const NODE_NAME = "sandbox-node";
export const POD_IP = "127.0.0.1";

/** The ConfigMaps and Secrets that the environment of a container names, so that they can be fetched first. */
export function referencedNames(container: Container): {
  readonly configMaps: readonly string[];
  readonly secrets: readonly string[];
} {
  const froms = container.envFrom ?? [];
  const values = (container.env ?? []).map((variable) => variable.valueFrom);
  const present = (names: readonly (string | undefined)[]): readonly string[] => [
    ...new Set(names.filter((name) => name !== undefined)),
  ];
  return {
    configMaps: present([
      ...froms.map((f) => f.configMapRef?.name),
      ...values.map((v) => v?.configMapKeyRef?.name),
    ]),
    secrets: present([...froms.map((f) => f.secretRef?.name), ...values.map((v) => v?.secretKeyRef?.name)]),
  };
}

/**
 * The environment that a container's spec asks for: `envFrom` first, then `env` in order, each literal value with
 * `$(NAME)` expanded from what stands before it. `rewrite` is applied to what the spec, a ConfigMap or a field says
 * (before expansion, so that nothing is rewritten twice), never to a Secret's value.
 * Throws ConfigError when a required ConfigMap, Secret or key is missing or a field is not supported.
 */
export function containerEnv(
  pod: Pod,
  container: Container,
  references: References,
  rewrite: (name: string, value: string) => string,
): Readonly<Record<string, string>> {
  const env: Record<string, string> = {};
  for (const source of container.envFrom ?? []) {
    for (const [key, value] of envFromEntries(source, references)) {
      const name = `${source.prefix ?? ""}${key}`;
      env[name] = source.secretRef === undefined ? rewrite(name, value) : value;
    }
  }
  for (const variable of container.env ?? []) {
    if (variable.valueFrom === undefined) {
      env[variable.name] = expand(rewrite(variable.name, variable.value ?? ""), (name) => env[name]);
      continue;
    }
    const value = referencedValue(pod, variable.name, variable.valueFrom, references);
    if (value === undefined) continue;
    env[variable.name] =
      variable.valueFrom.secretKeyRef === undefined ? rewrite(variable.name, value) : value;
  }
  return env;
}

function envFromEntries(
  source: NonNullable<Container["envFrom"]>[number],
  references: References,
): readonly (readonly [string, string])[] {
  if (source.configMapRef !== undefined) {
    const { name = "", optional } = source.configMapRef;
    const found = references.configMap(name);
    if (found === undefined && optional !== true) throw new ConfigError(`configmap "${name}" not found`);
    return Object.entries(found?.data ?? {});
  }
  if (source.secretRef !== undefined) {
    const { name = "", optional } = source.secretRef;
    const found = references.secret(name);
    if (found === undefined && optional !== true) throw new ConfigError(`secret "${name}" not found`);
    return Object.entries(found?.data ?? {}).map(([key, value]) => [key, decode(value)] as const);
  }
  return [];
}

function referencedValue(
  pod: Pod,
  variable: string,
  from: NonNullable<EnvVar["valueFrom"]>,
  references: References,
): string | undefined {
  if (from.configMapKeyRef !== undefined) {
    const { name = "", key, optional } = from.configMapKeyRef;
    const found = references.configMap(name);
    return required(found?.data?.[key], found === undefined, "configmap", name, key, optional);
  }
  if (from.secretKeyRef !== undefined) {
    const { name = "", key, optional } = from.secretKeyRef;
    const found = references.secret(name);
    const value = found?.data?.[key];
    return required(
      value === undefined ? undefined : decode(value),
      found === undefined,
      "secret",
      name,
      key,
      optional,
    );
  }
  if (from.fieldRef !== undefined) return fieldValue(pod, from.fieldRef.fieldPath);
  throw new ConfigError(
    `env "${variable}": only value, configMapKeyRef, secretKeyRef and fieldRef are supported`,
  );
}

function required(
  value: string | undefined,
  objectMissing: boolean,
  kind: "configmap" | "secret",
  name: string,
  key: string,
  optional: boolean | undefined,
): string | undefined {
  if (value !== undefined || optional === true) return value;
  throw new ConfigError(
    objectMissing ? `${kind} "${name}" not found` : `couldn't find key ${key} in ${kind} "${name}"`,
  );
}

/**
 * The value of a downward API field. A missing label or annotation is empty, as with kubelet.
 * Throws ConfigError for a path that is not supported.
 */
export function fieldValue(pod: Pod, fieldPath: string): string {
  const { metadata, spec } = pod;
  const keyed = /^metadata\.(labels|annotations)\['([^']+)'\]$/.exec(fieldPath);
  if (keyed !== null) {
    const map = keyed[1] === "labels" ? metadata?.labels : metadata?.annotations;
    return map?.[keyed[2] ?? ""] ?? "";
  }
  const fields: Readonly<Record<string, () => string | undefined>> = {
    "metadata.name": () => metadata?.name,
    "metadata.namespace": () => metadata?.namespace,
    "metadata.uid": () => metadata?.uid,
    "metadata.labels": () => keyValueLines(metadata?.labels),
    "metadata.annotations": () => keyValueLines(metadata?.annotations),
    "spec.nodeName": () => spec?.nodeName ?? NODE_NAME,
    "spec.serviceAccountName": () => spec?.serviceAccountName,
    "status.podIP": () => POD_IP,
    "status.podIPs": () => POD_IP,
    "status.hostIP": () => POD_IP,
    "status.hostIPs": () => POD_IP,
  };
  const read = fields[fieldPath];
  if (read === undefined) {
    throw new ConfigError(
      `fieldPath "${fieldPath}" is not supported; supported: ${Object.keys(fields).join(", ")}`,
    );
  }
  return read() ?? "";
}

function keyValueLines(map: Readonly<Record<string, string>> | undefined): string {
  return Object.entries(map ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join("\n");
}

function decode(base64: string): string {
  return Buffer.from(base64, "base64").toString("utf8");
}
