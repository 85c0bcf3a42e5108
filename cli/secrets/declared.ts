import { isGenerated } from "../../config/generated-secrets.ts";
import { type DeclaredRead, readsOf } from "../../config/reads.ts";
import type { Settings } from "../../config/schema.ts";

/** A KV v2 path that the stack's ExternalSecrets or rotators read, with all that they take from it. */
export interface DeclaredPath {
  readonly mount: string;
  /** Below the mount, e.g. `llm/openai`. */
  readonly path: string;
  /** Distinct and sorted; empty where the secret is taken as a whole alone. */
  readonly properties: readonly string[];
  /** Some ExternalSecret takes every property there is (`dataFrom`), so names of one's own are allowed. */
  readonly wholeSecret: boolean;
  readonly reads: readonly DeclaredRead[];
  /** The program makes the values and puts them itself. */
  readonly generated: boolean;
  /** Who reads it. */
  readonly externalSecrets: readonly { readonly namespace: string; readonly name: string }[];
  /** Keys whose rotators make new ones with what stands there. */
  readonly rotations: readonly string[];
}

/** Every path that the stack declares, each once, sorted by mount and path. */
export function declaredPaths(settings: Settings): readonly DeclaredPath[] {
  const all = [...settings.namespaces.flatMap(usesOf), ...adminUses(settings)];
  const uses = Map.groupBy(all, ({ mount, key }) => `${mount} ${key}`);
  return [...uses.values()]
    .map((of) => declaredPath(settings, of))
    .sort((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1));
}

/**
 * Says no to putting what the program makes itself.
 * @throws Error that says how to get a new value, or one of one's own
 */
export function refuseGenerated({ mount, path, generated }: DeclaredPath): void {
  if (!generated) return;
  throw new Error(
    `${mount}/${path} is generated (source: generated): pulumi up makes its values and writes them, and only while nobody else ` +
      "has. Nothing was written. For a new value raise the epoch of its property in the stack's file; for one of your own " +
      "write a plain path#property there instead.",
  );
}

/**
 * The declared path that an operator named, also with its mount in front (`kv/llm/openai`), as `missing` prints it.
 * @throws Error that lists the declared paths when there is none, or one in several mounts and no mount is given
 */
export function findDeclared(settings: Settings, path: string, mount: string | undefined): DeclaredPath {
  const all = declaredPaths(settings);
  const inMount = all.filter((declared) => (mount ?? declared.mount) === declared.mount);
  const below = inMount.filter((declared) => declared.path === path);
  const found =
    below.length > 0 ? below : inMount.filter((declared) => `${declared.mount}/${declared.path}` === path);
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  if (found.length > 1) {
    throw new Error(
      `${path} is declared in several mounts: ${found.map((one) => one.mount).join(", ")}. Name one: --mount <mount>`,
    );
  }
  const list = all.map((declared) => `  ${declared.path}  (mount ${declared.mount})`).join("\n");
  throw new Error(
    `${mount === undefined ? path : `${path} in mount ${mount}`} is not declared in this stack, so nothing would read it.\n` +
      `Declared paths:\n${list === "" ? "  none" : list}\nUse one of these, or declare the secret in the stack's file first.`,
  );
}

interface Use extends DeclaredRead {
  readonly mount: string;
  readonly key: string;
  readonly by: { readonly namespace: string; readonly name: string } | { readonly rotation: string };
}

function usesOf({ name: namespace, mount, services }: Settings["namespaces"][number]): readonly Use[] {
  return services.flatMap(({ secrets }) =>
    secrets.flatMap((secret) =>
      readsOf(secret).map((read) => ({ ...read, mount, by: { namespace, name: secret.name } })),
    ),
  );
}

/** Credentials with which rotators make, list and revoke keys. */
function adminUses({ rotation }: Settings): readonly Use[] {
  return (rotation?.keys ?? []).flatMap(({ name, admin }) =>
    admin === undefined
      ? []
      : [{ mount: admin.mount, key: admin.path, property: admin.property, by: { rotation: name } }],
  );
}

function declaredPath(settings: Settings, uses: readonly Use[]): DeclaredPath {
  const [{ mount, key: path } = { mount: "", key: "" }] = uses;
  return {
    mount,
    path,
    generated: isGenerated(settings, mount, path),
    properties: [...new Set(uses.flatMap(({ property }) => property ?? []))].sort(),
    wholeSecret: uses.some(({ property }) => property === undefined),
    reads: distinct(
      uses.map(({ property, version }) => ({
        ...(property === undefined ? {} : { property }),
        ...(version === undefined ? {} : { version }),
      })),
    ),
    externalSecrets: distinct(uses.flatMap(({ by }) => ("name" in by ? [by] : []))),
    rotations: distinct(uses.flatMap(({ by }) => ("rotation" in by ? [by.rotation] : []))),
  };
}

function distinct<T>(items: readonly T[]): readonly T[] {
  const byText = new Map(items.map((item) => [JSON.stringify(item), item]));
  return [...byText.keys()].sort().flatMap((text) => byText.get(text) ?? []);
}

function sortKey({ mount, path }: DeclaredPath): string {
  return `${mount} ${path}`;
}
