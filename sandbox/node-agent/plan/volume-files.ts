import type { ConfigMap, KeyToPath, Pod, Secret, Volume } from "../api/types.ts";
import { fieldValue } from "./env.ts";

/** One file of a volume: path relative to the volume, content, and a mode that only its owner has bits of. */
export type VolumeFile = { readonly path: string; readonly content: Buffer; readonly mode: number };

/** Where a piece of a volume comes from, in the order in which the pieces are laid over each other. */
export type VolumeSource =
  | {
      readonly kind: "configMap" | "secret";
      readonly name: string;
      readonly optional: boolean;
      readonly items?: readonly KeyToPath[];
      readonly mode: number;
    }
  | {
      readonly kind: "downwardAPI";
      readonly items: readonly { readonly path: string; readonly fieldPath: string }[];
      readonly mode: number;
    }
  | {
      readonly kind: "token";
      readonly path: string;
      readonly audience?: string;
      readonly expirationSeconds: number;
      readonly mode: number;
    };

/** A volume that cannot be made now (missing object or key) or ever (a type that is not supported). */
export class MountError extends Error {
  override readonly name = "FailedMount";
}

/** The API server's default for `expirationSeconds` of a projected token. */
const DEFAULT_TOKEN_SECONDS = 3600;
const DEFAULT_MODE = 0o644;

/** The sources of a volume; undefined for emptyDir, which has none. Throws MountError for any other volume type. */
export function volumeSources(volume: Volume): readonly VolumeSource[] | undefined {
  if (volume.emptyDir !== undefined) return undefined;
  if (volume.configMap !== undefined) {
    return [objectSource("configMap", volume.configMap, volume.configMap.name, volume.configMap.defaultMode)];
  }
  if (volume.secret !== undefined) {
    return [objectSource("secret", volume.secret, volume.secret.secretName, volume.secret.defaultMode)];
  }
  if (volume.downwardAPI !== undefined)
    return [downwardSource(volume.downwardAPI, volume.downwardAPI.defaultMode)];
  if (volume.projected !== undefined) {
    const mode = volume.projected.defaultMode;
    return (volume.projected.sources ?? []).map((source) => projectedSource(volume.name, source, mode));
  }
  const type = Object.keys(volume).find((key) => key !== "name") ?? "unknown";
  throw new MountError(
    `volume "${volume.name}": type ${type} is not supported; supported: configMap, secret, downwardAPI, projected, emptyDir`,
  );
}

type ProjectedSource = NonNullable<NonNullable<Volume["projected"]>["sources"]>[number];

function projectedSource(volume: string, source: ProjectedSource, mode: number | undefined): VolumeSource {
  if (source.configMap !== undefined)
    return objectSource("configMap", source.configMap, source.configMap.name, mode);
  if (source.secret !== undefined) return objectSource("secret", source.secret, source.secret.name, mode);
  if (source.downwardAPI !== undefined) return downwardSource(source.downwardAPI, mode);
  if (source.serviceAccountToken !== undefined) {
    const { path, audience, expirationSeconds } = source.serviceAccountToken;
    return {
      kind: "token",
      path,
      expirationSeconds: expirationSeconds ?? DEFAULT_TOKEN_SECONDS,
      mode: 0o600,
      ...(audience === undefined ? {} : { audience }),
    };
  }
  throw new MountError(
    `volume "${volume}": projected source ${Object.keys(source).join(", ")} is not supported; ` +
      "supported: configMap, secret, downwardAPI, serviceAccountToken",
  );
}

function objectSource(
  kind: "configMap" | "secret",
  source: { readonly items?: readonly KeyToPath[]; readonly optional?: boolean },
  name: string | undefined,
  mode: number | undefined,
): VolumeSource {
  return {
    kind,
    name: name ?? "",
    optional: source.optional ?? false,
    mode: ownerMode(mode),
    ...(source.items === undefined ? {} : { items: source.items }),
  };
}

function downwardSource(source: NonNullable<Volume["downwardAPI"]>, mode: number | undefined): VolumeSource {
  const items = (source.items ?? []).map((item) => {
    if (item.fieldRef === undefined)
      throw new MountError(`downwardAPI "${item.path}": only fieldRef is supported`);
    return { path: item.path, fieldPath: item.fieldRef.fieldPath };
  });
  return { kind: "downwardAPI", items, mode: ownerMode(mode) };
}

/** The owner's part of a file mode: volumes of the sandbox belong to one user, nobody else may read them. */
function ownerMode(mode: number | undefined): number {
  return (mode ?? DEFAULT_MODE) & 0o700 || 0o600;
}

/** The files of a ConfigMap or Secret. Throws MountError when it, or a key of `items`, is missing and not optional. */
export function objectFiles(
  source: VolumeSource & { readonly kind: "configMap" | "secret" },
  object: ConfigMap | Secret | undefined,
): readonly VolumeFile[] {
  if (object === undefined) {
    if (source.optional) return [];
    throw new MountError(`${source.kind.toLowerCase()} "${source.name}" not found`);
  }
  const content = contents(source.kind, object);
  const items = source.items ?? [...content.keys()].map((key) => ({ key, path: key }));
  return items.flatMap((item) => {
    const found = content.get(item.key);
    if (found === undefined) {
      if (source.optional) return [];
      throw new MountError(`${source.kind.toLowerCase()} "${source.name}" has no key "${item.key}"`);
    }
    const mode = "mode" in item && item.mode !== undefined ? ownerMode(item.mode) : source.mode;
    return [{ path: item.path, content: found, mode }];
  });
}

function contents(kind: "configMap" | "secret", object: ConfigMap | Secret): ReadonlyMap<string, Buffer> {
  const base64 = (text: string): Buffer => Buffer.from(text, "base64");
  const plain = (text: string): Buffer => Buffer.from(text, "utf8");
  const data = Object.entries(object.data ?? {}).map(
    ([key, text]) => [key, kind === "secret" ? base64(text) : plain(text)] as const,
  );
  const binary = "binaryData" in object ? Object.entries(object.binaryData ?? {}) : [];
  return new Map([...data, ...binary.map(([key, text]) => [key, base64(text)] as const)]);
}

/** The files of a downward API source. */
export function downwardFiles(
  pod: Pod,
  source: VolumeSource & { readonly kind: "downwardAPI" },
): readonly VolumeFile[] {
  return source.items.map(({ path, fieldPath }) => ({
    path,
    content: Buffer.from(fieldValue(pod, fieldPath), "utf8"),
    mode: source.mode,
  }));
}
