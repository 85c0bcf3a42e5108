import { type EngineGrant, grantOf, readsOf } from "../../config/reads.ts";
import type { NamespaceSettings, ServiceSettings, StoreSettings } from "../../config/schema.ts";
import { mountDescription } from "./ownership.ts";

/** A policy as Vault stores it: `document` is HCL. */
export interface PolicyDocument {
  readonly name: string;
  readonly document: string;
}

/**
 * What ESO itself calls with the token of a login, besides the reads. Roles leave the default policy off, which would
 * otherwise grant these two and more.
 */
export function sessionPolicy(prefix: string, environment: string): PolicyDocument {
  return {
    name: sessionPolicyName(prefix),
    document: [
      `# ${mountDescription(environment)}\n`,
      `${grant("auth/token/lookup-self", "read")}\n`,
      grant("auth/token/revoke-self", "update"),
    ].join(""),
  };
}

/** There is one for each role prefix, so its first line also says whose the prefix is. */
export function sessionPolicyName(prefix: string): string {
  return `${prefix}.session`;
}

/**
 * Exactly the reads and engine requests that the secrets of one service declare. Dots cannot stand in a DNS label, so no two prefixes,
 * namespaces and services give one name.
 */
export function servicePolicy(
  prefix: string,
  namespace: NamespaceSettings,
  service: ServiceSettings,
): PolicyDocument {
  return {
    name: `${prefix}.${namespace.name}.${service.name}`,
    document: [
      ...secretReads(service).map((key) => grant(`${namespace.mount}/data/${key}`, "read")),
      ...engineGrants(service).map(({ path, capability }) => grant(path, capability)),
    ].join("\n"),
  };
}

/** A policy for each of the services that asks Vault for something: Vault refuses a policy that grants nothing. */
export function servicePolicies(
  prefix: string,
  namespace: NamespaceSettings,
  services: readonly ServiceSettings[] = namespace.services,
): readonly PolicyDocument[] {
  return services
    .filter((service) => secretReads(service).length + engineGrants(service).length > 0)
    .map((service) => servicePolicy(prefix, namespace, service));
}

/** The policies of a store's role: the session's, then those of the services that it is for, by name. */
export function policyNames(
  prefix: string,
  namespace: NamespaceSettings,
  store: StoreSettings,
): readonly string[] {
  const names = servicePolicies(prefix, namespace, store.services).map(({ name }) => name);
  return [sessionPolicyName(prefix), ...names.toSorted()];
}

/** The KV paths, below the mount, that a service's secrets are read from: each once, sorted. */
export function secretReads(service: ServiceSettings): readonly string[] {
  const keys = service.secrets.flatMap(readsOf).map(({ key }) => key);
  return [...new Set(keys)].toSorted();
}

/** What a service's secrets ask of Vault's engines: each path once, sorted. */
export function engineGrants(service: ServiceSettings): readonly EngineGrant[] {
  const grants = service.secrets.flatMap(({ generators }) => generators.map(grantOf));
  const byText = new Map(grants.map((one) => [`${one.path} ${one.capability}`, one]));
  return [...byText.keys()].toSorted().flatMap((text) => byText.get(text) ?? []);
}

function grant(path: string, capability: "read" | "update"): string {
  return `path "${path}" {\n  capabilities = ["${capability}"]\n}\n`;
}
