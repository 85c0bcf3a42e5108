import type { RotationKey, RotationSettings } from "../../config/rotation-settings.ts";
import type { Settings } from "../../config/schema.ts";
import { type ConfigMapManifest, immutableConfigMap } from "../config-maps.ts";
import { ownLabels } from "../external-secrets/metadata.ts";
import { rotationLabels, rotationNames } from "./names.ts";
import { rotatorSpec } from "./rotator-spec.ts";

/** The program, one for all keys. @param program what `bundleJob` gave */
export function programConfigMap(
  { environment }: Pick<Settings, "environment">,
  { namespace }: RotationSettings,
  program: string,
): ConfigMapManifest {
  return immutableConfigMap("rotator", namespace, ownLabels(environment), { "rotator.mjs": program });
}

/** What one key's jobs are told, and the CA by which they know Vault. No value is in it. */
export function specConfigMap(
  settings: Settings,
  rotation: RotationSettings,
  key: RotationKey,
): ConfigMapManifest {
  const { caCertificate } = settings.vault;
  return immutableConfigMap(
    rotationNames(settings, rotation, key).rotate,
    rotation.namespace,
    rotationLabels(settings.environment, key),
    {
      "spec.json": `${JSON.stringify(rotatorSpec(settings, rotation, key), null, 2)}\n`,
      ...(caCertificate === undefined ? {} : { "vault-ca.crt": caCertificate }),
    },
  );
}
