import { type VaultClient, VaultError, type VaultResponse } from "../../clients/vault.ts";

/** One version of a KV v2 secret, as its metadata has it. */
export interface VersionState {
  readonly version: number;
  /** RFC 3339. */
  readonly createdTime: string;
  /** Neither deleted nor destroyed. */
  readonly readable: boolean;
}

/** What the metadata of a KV v2 path says; nothing in it is secret. */
export interface SecretState {
  /** False before the mount itself exists, that is before the first `up`. */
  readonly mounted: boolean;
  /** 0 before the first write; what check-and-set compares. */
  readonly currentVersion: number;
  readonly versions: readonly VersionState[];
  /** Custom metadata: texts by name. */
  readonly custom: Readonly<Record<string, unknown>>;
}

/**
 * A path's metadata; a path never written to has version 0.
 * @throws Error that names the capability when the token may not read it, VaultError for any other refusal
 */
export async function readState(client: VaultClient, mount: string, path: string): Promise<SecretState> {
  const answer = await getOrMissing(client, `${mount}/metadata/${path}`);
  if (answer === "no mount" || answer === "absent") {
    return { mounted: answer === "absent", currentVersion: 0, versions: [], custom: {} };
  }
  return {
    mounted: true,
    currentVersion: Number(answer.data?.current_version ?? 0),
    versions: Object.entries(asMap(answer.data?.versions)).map(([version, fields]) =>
      versionState(Number(version), asMap(fields)),
    ),
    custom: asMap(answer.data?.custom_metadata),
  };
}

/** The version that a read without a version gets; `undefined` when there is none or it is deleted. */
export function currentReadable(state: SecretState): VersionState | undefined {
  return state.versions.find(({ version, readable }) => readable && version === state.currentVersion);
}

/**
 * The names of the newest version's properties, nested as they are and without any value (`<mount>/subkeys/<path>`).
 * `"refused"` when the token may read metadata alone.
 */
export async function readSubkeys(
  client: VaultClient,
  mount: string,
  path: string,
): Promise<Readonly<Record<string, unknown>> | "refused"> {
  try {
    return asMap((await client.read(`${mount}/subkeys/${path}`))?.subkeys);
  } catch (error) {
    if (isStatus(error, 403)) return "refused";
    throw error;
  }
}

/** Whether ESO finds `property`: a property of that very name, else one nested along its dots. */
export function hasProperty(subkeys: Readonly<Record<string, unknown>>, property: string): boolean {
  if (Object.hasOwn(subkeys, property)) return true;
  const nested = property
    .split(".")
    .reduce<unknown>(
      (value, name) => (Object.hasOwn(asMap(value), name) ? asMap(value)[name] : undefined),
      subkeys,
    );
  return nested !== undefined;
}

/** Makes Vault's bare `permission denied` say which capability on which path is wanted. */
export function explained(error: unknown, capability: string, path: string): unknown {
  if (!isStatus(error, 403)) return error;
  return new Error(
    `Vault refused: this needs the capability "${capability}" on "${path}", which the token lacks, or the token has expired ` +
      "(vault token lookup shows which)",
    { cause: error },
  );
}

export function isStatus(error: unknown, status: number): error is VaultError {
  return error instanceof VaultError && error.status === status;
}

async function getOrMissing(
  client: VaultClient,
  path: string,
): Promise<VaultResponse | "absent" | "no mount"> {
  try {
    return await client.request("GET", path);
  } catch (error) {
    if (!isStatus(error, 404)) throw explained(error, "read", path);
    return error.errors.some((text) => text.includes("no handler for route")) ? "no mount" : "absent";
  }
}

function versionState(version: number, fields: Readonly<Record<string, unknown>>): VersionState {
  const deletion = String(fields.deletion_time ?? "");
  const deleted = deletion !== "" && Date.parse(deletion) <= Date.now();
  return {
    version,
    createdTime: String(fields.created_time ?? ""),
    readable: !deleted && fields.destroyed !== true,
  };
}

function asMap(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
