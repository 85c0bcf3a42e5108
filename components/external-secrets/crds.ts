import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { loadAll } from "js-yaml";
import { ConfigError } from "../../config/problems.ts";
import type { Settings } from "../../config/schema.ts";

/** A custom resource definition as it stands in ESO's bundle; `spec` is passed on untouched, except for its conversion. */
export interface CrdManifest {
  readonly metadata: {
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  };
  readonly spec: Readonly<Record<string, unknown>>;
}

/**
 * The definitions that ESO needs with the reconcilers that values.ts leaves on. GeneratorState is here although
 * nothing makes one: its controller cannot be turned off, and the operator stops after two minutes without it.
 * VaultDynamicSecret is here also where no secret of this stack needs it: one that another stack of the cluster declares
 * does, and in production, where definitions are protected, a last one could otherwise not be removed.
 */
export const neededCrds = [
  "externalsecrets.external-secrets.io",
  "generatorstates.generators.external-secrets.io",
  "secretstores.external-secrets.io",
  "vaultdynamicsecrets.generators.external-secrets.io",
] as const;

const DOWNLOAD_TIMEOUT_MS = 60_000;

/**
 * The custom resource definitions to install: those of `neededCrds`, from the bundle that `crds.source` names.
 * None in mode `existing`.
 * @throws ConfigError when the bundle cannot be had, is not the one whose sha256 is declared, or lacks a definition
 */
export async function loadCrds(settings: Settings["externalSecrets"]): Promise<readonly CrdManifest[]> {
  if (settings.mode === "existing") return [];
  const source = bundleSource(settings);
  const bundle = await read(source);
  verify(bundle, source, settings.crds.sha256);
  return crdManifests(bundle.toString("utf8"), source);
}

/** Where the bundle is: as declared, else the chart version's own tag in ESO's repository. */
export function bundleSource({ chart, crds }: Pick<Settings["externalSecrets"], "chart" | "crds">): string {
  const tag = `https://raw.githubusercontent.com/external-secrets/external-secrets/v${chart.version}`;
  return crds.source ?? `${tag}/deploy/crds/bundle.yaml`;
}

/**
 * The needed definitions of a bundle, sorted by name and without a conversion webhook:
 * none is installed, and one that nobody answers would make every read of a custom resource fail.
 * @throws ConfigError when one is missing
 */
export function crdManifests(bundle: string, source: string): readonly CrdManifest[] {
  const found = new Map(documents(bundle, source).map((crd) => [crd.metadata.name, crd]));
  const missing = neededCrds.filter((name) => !found.has(name));
  if (missing.length > 0) {
    throw bundleError("source", `${source} without ${missing.join(", ")}`, {
      allowed: "the bundle.yaml of an ESO release, with all its definitions",
      fix: "take deploy/crds/bundle.yaml of the release that chart.version names",
    });
  }
  return neededCrds.flatMap((name) => {
    const crd = found.get(name);
    return crd === undefined ? [] : [installed(crd)];
  });
}

function installed({ metadata, spec }: CrdManifest): CrdManifest {
  return {
    metadata: {
      name: metadata.name,
      labels: { ...metadata.labels },
      annotations: { ...metadata.annotations },
    },
    spec: { ...spec, conversion: { strategy: "None" } },
  };
}

/** By js-yaml, which takes a quarter of a second for what takes the package that reads stack files two and a half. */
function documents(bundle: string, source: string): readonly CrdManifest[] {
  try {
    return loadAll(bundle).filter(isCrd);
  } catch (error) {
    throw bundleError("source", `${source}, which is not YAML: ${reason(error)}`, {
      allowed: "YAML documents of custom resource definitions",
      fix: "take the release's bundle.yaml as it is",
    });
  }
}

function isCrd(value: unknown): value is CrdManifest {
  return (
    typeof value === "object" &&
    value !== null &&
    "kind" in value &&
    value.kind === "CustomResourceDefinition"
  );
}

async function read(source: string): Promise<Buffer> {
  try {
    return source.startsWith("https://") ? await download(source) : await readFile(source);
  } catch (error) {
    throw bundleError("source", `${source}, which cannot be read: ${reason(error)}`, {
      allowed: "a bundle.yaml that this machine can reach",
      fix: "correct crds.source, or download the bundle and name its path",
    });
  }
}

async function download(address: string): Promise<Buffer> {
  const answer = await fetch(address, { signal: AbortSignal.timeout(DOWNLOAD_TIMEOUT_MS) });
  if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
  return Buffer.from(await answer.arrayBuffer());
}

/** The definitions decide what every store may contain, so their content is pinned and not only their address. */
function verify(bundle: Buffer, source: string, expected: string): void {
  const found = createHash("sha256").update(bundle).digest("hex");
  if (found === expected) return;
  throw bundleError("sha256", `${expected}, but ${source} has ${found}`, {
    allowed: "the sha256 of the bundle at crds.source",
    fix: "if you changed the version on purpose, review the new bundle and declare its sha256; otherwise find out who changed it",
  });
}

function bundleError(
  field: string,
  found: string,
  rule: { readonly allowed: string; readonly fix: string },
): ConfigError {
  return new ConfigError("ESO's custom resource definitions", [
    { path: `externalSecrets.crds.${field}`, found, ...rule },
  ]);
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
}
