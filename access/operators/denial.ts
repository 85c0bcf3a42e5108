import type { PolicyDocument } from "../../components/vault/policies.ts";
import { MOST_SEGMENTS } from "../../config/namespace-rules.ts";
import type { KvPlace } from "../../config/rotation-settings.ts";
import type { Settings } from "../../config/schema.ts";
import { OPERATOR_PREFIX } from "./names.ts";

/**
 * How break-glass denies paths without the right to write a policy. Bootstrap makes a few identity groups, each with a
 * policy of fixed text, whose paths are templates over the group's own metadata. Who may write a group's members and
 * metadata, and nothing else, can deny its members any exact path, and grant nobody anything. Vault skips a template whose
 * metadata is absent.
 *
 * Each segment of a path is a value of its own, because Vault's `deny_slash_in_templated_paths` skips a template whose value
 * has a slash: the denial would fail without a word.
 */

/** Groups of one environment. */
export const DENIED_GROUPS = 4;

/** Paths that one group can hold, if they are short enough for {@link MOST_PAIRS}. */
export const SLOTS = 16;

/** What Vault takes of an identity group's metadata. Source: validateMetadata in Vault's identity store. */
export const MOST_PAIRS = 64;

/** Of a deniable API path. */
export const SEGMENTS = { fewest: 3, most: MOST_SEGMENTS } as const;

/** An identity group, and the policy that its members get by it. */
export interface DeniedGroup {
  /** Without dots: Vault's templates end a group's name at the first one. */
  readonly name: string;
  /** Where it is read and written, without `/v1/`. */
  readonly path: string;
  readonly policy: string;
}

export function deniedGroups(environment: string): readonly DeniedGroup[] {
  return Array.from({ length: DENIED_GROUPS }, (_, index) => {
    const name = `${OPERATOR_PREFIX}-${environment}-denied-${index}`;
    return {
      name,
      path: `identity/group/name/${name}`,
      policy: `${OPERATOR_PREFIX}.${environment}.denied-${index}`,
    };
  });
}

/** The groups' policies: the same text whatever is denied. */
export function deniedPolicies(environment: string): readonly PolicyDocument[] {
  return deniedGroups(environment).map(({ name, policy }) => ({
    name: policy,
    document: [
      `# vault-management ${environment}: what break-glass denies the members of ${name}\n`,
      ...slotsAndDepths().map(([slot, depth]) => denyBlock(name, slot, depth)),
    ].join("\n"),
  }));
}

/**
 * A group's metadata that denies its members exactly these API paths (`kv/data/llm/openai`, without `/v1/`).
 * @throws RangeError for what {@link roomFor} has no room for
 */
export function deniedMetadata(paths: readonly string[]): Readonly<Record<string, string>> {
  if (!roomFor(paths)) throw new RangeError(`one group has no room for these paths: ${paths.join(", ")}`);
  return Object.fromEntries(
    paths.flatMap((path, slot) => {
      const segments = path.split("/");
      return segments.map((segment, index) => [key(slot, segments.length, index), segment]);
    }),
  );
}

/** The paths that a group's metadata denies, in the order of their slots; incomplete slots deny nothing and are left out. */
export function deniedPaths(metadata: Readonly<Record<string, unknown>>): readonly string[] {
  return slotsAndDepths().flatMap(([slot, depth]) => {
    const segments = Array.from({ length: depth }, (_, index) => metadata[key(slot, depth, index)]);
    return segments.every((segment) => typeof segment === "string" && segment !== "")
      ? [segments.join("/")]
      : [];
  });
}

/** Whether one group can deny these paths at the same time. */
export function roomFor(paths: readonly string[]): boolean {
  const pairs = paths.reduce((sum, path) => sum + path.split("/").length, 0);
  return paths.length <= SLOTS && pairs <= MOST_PAIRS && paths.every(isDeniable);
}

/** Whether a template can render the path: of so many segments, and without what Vault takes for a pattern. */
export function isDeniable(path: string): boolean {
  const segments = path.split("/");
  return (
    segments.length >= SEGMENTS.fewest &&
    segments.length <= SEGMENTS.most &&
    segments.every((segment) => /^[^*+]{1,512}$/.test(segment))
  );
}

/** Begins the paths, below every mount, that are break-glass's own. */
export const MEMORY = "break-glass/";

/** Where break-glass keeps what it has done and has still to do: in the stack's first KV mount. */
export function memoryPlace({ environment, vault }: Pick<Settings, "environment" | "vault">): KvPlace {
  return { mount: Object.keys(vault.mounts)[0] ?? "", path: `${MEMORY}${environment}` };
}

/** What a drill stores, denies and destroys; nobody reads it. */
export function drillPlace(settings: Pick<Settings, "environment" | "vault">): KvPlace {
  const { mount, path } = memoryPlace(settings);
  return { mount, path: `${path}-drill` };
}

function slotsAndDepths(): readonly (readonly [slot: number, depth: number])[] {
  const depths = Array.from(
    { length: SEGMENTS.most - SEGMENTS.fewest + 1 },
    (_, index) => SEGMENTS.fewest + index,
  );
  return Array.from({ length: SLOTS }, (_, slot) => depths.map((depth) => [slot, depth] as const)).flat();
}

/** The depth is part of the key: else a long path would render the templates of shorter ones as well. */
function key(slot: number, depth: number, index: number): string {
  return `${slot}-${depth}-${index}`;
}

function denyBlock(group: string, slot: number, depth: number): string {
  const segments = Array.from(
    { length: depth },
    (_, index) => `{{identity.groups.names.${group}.metadata.${key(slot, depth, index)}}}`,
  );
  return `path "${segments.join("/")}" {\n  capabilities = ["deny"]\n}\n`;
}
