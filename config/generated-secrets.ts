import type { CharacterClass, GeneratedValue } from "./generated.ts";
import { pathText } from "./problems.ts";
import type { NamespaceSettings, Settings } from "./schema.ts";

export interface GeneratedProperty extends GeneratedValue {
  readonly property: string;
  /** Where the stack's file declares it. */
  readonly declaredAt: string;
}

/** A KV secret that only the program writes: all its properties are generated. */
export interface GeneratedSecret {
  readonly mount: string;
  /** Below the mount. */
  readonly path: string;
  /**
   * The highest epoch of its properties, which is the version that holds the values as declared. It is written over the
   * version before it and over no other; so with each write the version and the epoch go on together.
   */
  readonly version: number;
  /** Sorted by name. */
  readonly properties: readonly GeneratedProperty[];
}

/** Every KV secret that the program makes, sorted by mount and path. */
export function generatedSecrets({ namespaces }: Pick<Settings, "namespaces">): readonly GeneratedSecret[] {
  const byPath = Map.groupBy(namespaces.flatMap(generatedIn), ({ mount, path }) => `${mount} ${path}`);
  return [...byPath.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, values]) => {
      const [first] = values;
      if (first === undefined) return [];
      const properties = values
        .map(({ mount: _mount, path: _path, ...property }) => property)
        .sort((a, b) => (a.property < b.property ? -1 : 1));
      const version = Math.max(...properties.map(({ epoch }) => epoch));
      return [{ mount: first.mount, path: first.path, version, properties }];
    });
}

/** Whether somebody else than the program may put a value there. */
export function isGenerated(settings: Pick<Settings, "namespaces">, mount: string, path: string): boolean {
  return generatedSecrets(settings).some((secret) => secret.mount === mount && secret.path === path);
}

function generatedIn({ name: namespace, mount, services }: NamespaceSettings) {
  return services.flatMap(({ name: service, secrets }) =>
    secrets.flatMap(({ name, data }) =>
      Object.entries(data).flatMap(([key, { key: path, property, generated }]) => {
        if (generated === undefined) return [];
        const at = ["namespaces", namespace, "services", service, "secrets", name, "data", key];
        return [{ mount, path, property, declaredAt: pathText(at), ...generated }];
      }),
    ),
  );
}

/** Characters that each class takes its own from. */
export const alphabets: Readonly<Record<CharacterClass, string>> = {
  lower: "abcdefghijklmnopqrstuvwxyz",
  upper: "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
  numeric: "0123456789",
  // Neither a URL (RFC 3986, 2.3), a shell nor YAML gives these a meaning, and none begins an option.
  special: "._",
};

/** Bits of randomness of a value: how often the number of possible ones doubles. */
export function randomBits({ length, classes }: Pick<GeneratedValue, "length" | "classes">): number {
  const characters = [...new Set(classes)].reduce((sum, one) => sum + alphabets[one].length, 0);
  return length * Math.log2(characters);
}
