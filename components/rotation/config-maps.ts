import { createHash } from "node:crypto";
import type { RotationKey, RotationSettings } from "../../config/rotation-settings.ts";
import type { Settings } from "../../config/schema.ts";
import { ownLabels } from "../external-secrets/metadata.ts";
import { rotationLabels, rotationNames } from "./names.ts";
import { rotatorSpec } from "./rotator-spec.ts";

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

/** The program, one for all keys. @param program what `bundleJob` gave */
export function programConfigMap(
  { environment }: Pick<Settings, "environment">,
  { namespace }: RotationSettings,
  program: string,
): ConfigMapManifest {
  return immutable("rotator", namespace, ownLabels(environment), { "rotator.mjs": program });
}

/** What one key's jobs are told, and the CA by which they know Vault. No value is in it. */
export function specConfigMap(
  settings: Settings,
  rotation: RotationSettings,
  key: RotationKey,
): ConfigMapManifest {
  const { caCertificate } = settings.vault;
  return immutable(
    rotationNames(settings, rotation, key).rotate,
    rotation.namespace,
    rotationLabels(settings.environment, key),
    {
      "spec.json": `${JSON.stringify(rotatorSpec(settings, rotation, key), null, 2)}\n`,
      ...(caCertificate === undefined ? {} : { "vault-ca.crt": caCertificate }),
    },
  );
}

function immutable(
  name: string,
  namespace: string,
  labels: Readonly<Record<string, string>>,
  data: Readonly<Record<string, string>>,
): ConfigMapManifest {
  const hash = createHash("sha256").update(JSON.stringify(data)).digest("hex").slice(0, 12);
  return { metadata: { name: `${name}-${hash}`, namespace, labels }, data, immutable: true };
}
