import type { GeneratorSettings, SecretSettings } from "./schema.ts";

/** One read of a KV path: one property or the whole secret, the newest version or a pinned one. */
export interface DeclaredRead {
  readonly property?: string;
  readonly version?: number;
}

/** What Vault's policies must grant for a request, and at which path. */
export interface EngineGrant {
  readonly path: string;
  readonly capability: "read" | "update";
}

/** The path of a generator's request, without `/v1/`. */
export function requestPath({ mount, request }: GeneratorSettings): string {
  return `${mount}/${request}`;
}

/** What a generator's request takes. */
export function grantOf(generator: GeneratorSettings): EngineGrant {
  return { path: requestPath(generator), capability: generator.method === "GET" ? "read" : "update" };
}

/** Everything that a declared secret reads from KV: what its policy must grant, and what must be in Vault for it to sync. */
export function readsOf({
  data,
  dataFrom,
}: SecretSettings): readonly ({ readonly key: string } & DeclaredRead)[] {
  const pinned = (version: number | undefined) => (version === undefined ? {} : { version });
  return [
    ...Object.values(data).map(({ key, property, version }) => ({ key, property, ...pinned(version) })),
    ...dataFrom.map(({ extract }) => ({ key: extract.key, ...pinned(extract.version) })),
  ];
}
