import { createHash } from "node:crypto";

/** A ConfigMap that never changes: other content is another one, under another name. */
export interface ConfigMapManifest {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels: Readonly<Record<string, string>>;
  };
  readonly data: Readonly<Record<string, string>>;
  readonly immutable: true;
}

/** @param name a hash of the content is added to it */
export function immutableConfigMap(
  name: string,
  namespace: string,
  labels: Readonly<Record<string, string>>,
  data: Readonly<Record<string, string>>,
): ConfigMapManifest {
  const hash = createHash("sha256").update(JSON.stringify(data)).digest("hex").slice(0, 12);
  return { metadata: { name: `${name}-${hash}`, namespace, labels }, data, immutable: true };
}
