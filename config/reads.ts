import type { SecretSettings } from "./schema.ts";

/** One read of a KV path: one property or the whole secret, the newest version or a pinned one. */
export interface DeclaredRead {
  readonly property?: string;
  readonly version?: number;
}

/** Everything that a declared secret reads: what its policy must grant, and what must be in Vault for it to sync. */
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
