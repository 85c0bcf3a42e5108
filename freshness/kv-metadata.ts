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

/** @param data of Vault's answer to a read of `<mount>/metadata/<path>` */
export function secretState(data: unknown, now: Date): SecretState {
  const { current_version: current, versions, custom_metadata: custom } = asMap(data);
  return {
    mounted: true,
    currentVersion: Number(current ?? 0),
    versions: Object.entries(asMap(versions)).map(([version, fields]) =>
      versionState(Number(version), asMap(fields), now),
    ),
    custom: asMap(custom),
  };
}

/** A path without any version. */
export function neverWritten({ mounted }: Pick<SecretState, "mounted">): SecretState {
  return { mounted, currentVersion: 0, versions: [], custom: {} };
}

/** The version that a read without a version gets; `undefined` when there is none or it is deleted. */
export function currentReadable(state: SecretState): VersionState | undefined {
  return state.versions.find(({ version, readable }) => readable && version === state.currentVersion);
}

function versionState(version: number, fields: Readonly<Record<string, unknown>>, now: Date): VersionState {
  const deletion = String(fields.deletion_time ?? "");
  const deleted = deletion !== "" && Date.parse(deletion) <= now.getTime();
  return {
    version,
    createdTime: String(fields.created_time ?? ""),
    readable: !deleted && fields.destroyed !== true,
  };
}

function asMap(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
