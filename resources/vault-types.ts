import type { VaultClient } from "../clients/vault.ts";
import { databaseTypes } from "./database-types.ts";
import { body, type Fields, fieldsOf, requiredText } from "./values.ts";

/** One request that brings a part of a resource to what is declared. */
export interface VaultWrite {
  /** Path of the request, without `/v1/`. */
  readonly path: string;
  readonly body: Fields;
}

/** What looking at a resource takes of Vault. */
export type VaultReads = Pick<VaultClient, "read">;

/** How one Pulumi type, or a part of it, stands in Vault's HTTP API. */
export interface VaultType {
  /** What identifies it: also the resource's id. */
  path(inputs: Fields): string;
  /** What Vault must answer, in Vault's words. */
  declared(inputs: Fields): Fields;
  read(vault: VaultReads, path: string): Promise<Fields | undefined>;
  /** What to send when it is missing, or when it differs. */
  create(path: string, declared: Fields): VaultWrite;
  /** Absent: the thing cannot be changed, only removed and made anew. */
  readonly update?: (path: string, declared: Fields) => VaultWrite;
}

const role = plainType(
  ["backend", "roleName"],
  ({ backend, roleName }) => `auth/${backend}/role/${roleName}`,
);

const auditDevice: VaultType = {
  path: (inputs) => `sys/audit/${requiredText(inputs, "path")}`,
  declared: (inputs) => body(inputs, ["path"]),
  read: fromTable("sys/audit"),
  create: put,
};

/** The parts of each type that the program uses, in the order in which they are made; any other type is an error. */
export const vaultTypes: Readonly<Record<string, readonly VaultType[]>> = {
  "vault:index/mount:Mount": [engineType("sys/mounts", mountBody)],
  "vault:index/authBackend:AuthBackend": [engineType("sys/auth", (inputs) => body(inputs, ["path"]))],
  "vault:jwt/authBackend:AuthBackend": [
    engineType("sys/auth", ({ description }) => body({ type: "jwt", description }, [])),
    plainType(["path"], ({ path }) => `auth/${path}/config`, ["type", "description"]),
  ],
  "vault:index/audit:Audit": [auditDevice],
  "vault:kv/secretBackendV2:SecretBackendV2": [plainType(["mount"], ({ mount }) => `${mount}/config`)],
  "vault:index/raftAutopilot:RaftAutopilot": [
    plainType([], () => "sys/storage/raft/autopilot/configuration"),
  ],
  "vault:index/quotaRateLimit:QuotaRateLimit": [
    plainType(["name"], ({ name }) => `sys/quotas/rate-limit/${name}`),
  ],
  "vault:index/policy:Policy": [plainType(["name"], ({ name }) => `sys/policies/acl/${name}`)],
  "vault:kubernetes/authBackendConfig:AuthBackendConfig": [
    plainType(["backend"], ({ backend }) => `auth/${backend}/config`),
  ],
  "vault:kubernetes/authBackendRole:AuthBackendRole": [role],
  "vault:jwt/authBackendRole:AuthBackendRole": [role],
  "vault:pkiSecret/secretBackendConfigUrls:SecretBackendConfigUrls": [pkiConfig("urls")],
  "vault:pkiSecret/secretBackendCrlConfig:SecretBackendCrlConfig": [pkiConfig("crl")],
  "vault:pkiSecret/backendConfigAutoTidy:BackendConfigAutoTidy": [pkiConfig("auto-tidy")],
  "vault:pkiSecret/secretBackendConfigIssuers:SecretBackendConfigIssuers": [pkiConfig("issuers")],
  "vault:pkiSecret/secretBackendRole:SecretBackendRole": [
    plainType(["backend", "name"], ({ backend, name }) => `${backend}/roles/${name}`),
  ],
  ...databaseTypes,
};

function pkiConfig(part: string): VaultType {
  return plainType(["backend"], ({ backend }) => `${backend}/config/${part}`);
}

/** Lives stand in a mount's `config`, also where all mounts are listed. */
function mountBody({ maxLeaseTtlSeconds, ...inputs }: Fields): Fields {
  const config = maxLeaseTtlSeconds === undefined ? {} : { config: { max_lease_ttl: maxLeaseTtlSeconds } };
  return { ...body(inputs, ["path"]), ...config };
}

/**
 * A thing with one path for reading and writing; the inputs in `place` say where it is, all others but `without` are
 * its body.
 */
function plainType(
  place: readonly string[],
  at: (place: Readonly<Record<string, string>>) => string,
  without: readonly string[] = [],
): VaultType {
  return {
    path: (inputs) => at(Object.fromEntries(place.map((name) => [name, requiredText(inputs, name)]))),
    declared: (inputs) => body(inputs, [...place, ...without]),
    read: (vault, path) => vault.read(path),
    create: put,
    update: put,
  };
}

/** A secrets engine or auth method: made at its path, changed by `tune`. */
function engineType(under: string, declared: (inputs: Fields) => Fields): VaultType {
  return {
    path: (inputs) => `${under}/${requiredText(inputs, "path")}`,
    declared,
    read: fromTable(under),
    create: put,
    // The type of a mount cannot change: reading back shows when it was meant to.
    update: (path, { type: _, config, ...rest }) => put(`${path}/tune`, { ...rest, ...fieldsOf(config) }),
  };
}

/** Mounts and devices are read all at once: asked for one that is missing, Vault answers 400 instead of 404. */
function fromTable(table: string): VaultType["read"] {
  return async (vault, path) => {
    const entry = (await vault.read(table))?.[`${path.slice(table.length + 1)}/`];
    return entry === undefined ? undefined : fieldsOf(entry);
  };
}

function put(path: string, declared: Fields): VaultWrite {
  return { path, body: declared };
}
