import type { RotationKey, RotationSettings } from "../../config/rotation-settings.ts";
import type { Settings } from "../../config/schema.ts";
import type { RotationSpec } from "../../jobs/rotator/spec.ts";
import { seconds } from "../durations.ts";
import { loginAudiences } from "../external-secrets/store.ts";
import { rotationNames } from "./names.ts";

/** Where a rotator's pod has its program and what it is told. */
export const FILES = {
  program: "/opt/rotator/rotator.mjs",
  spec: "/etc/rotator/spec.json",
  vaultCa: "/etc/rotator/vault-ca.crt",
} as const;

/** What of a declaration a rotator depends on, besides its own key. */
export type RotatorSettings = Pick<Settings, "environment" | "vault" | "kubernetes">;

/** What the job of one key is told. */
export function rotatorSpec(
  settings: RotatorSettings,
  rotation: RotationSettings,
  key: RotationKey,
): RotationSpec {
  const { environment, vault } = settings;
  const names = rotationNames(settings, rotation, key);
  return {
    environment,
    key: key.name,
    vault: {
      address: vault.address,
      authMount: vault.auth.mount,
      role: names.vaultRole,
      audiences: loginAudiences(settings),
    },
    account: { namespace: rotation.namespace, serviceAccount: names.rotate },
    live: key.live,
    state: key.state,
    ...(key.admin === undefined ? {} : { admin: key.admin }),
    provider: key.providerSpec,
    ...(key.project === undefined ? {} : { project: key.project }),
    namePrefix: key.namePrefix,
    overlapSeconds: seconds(key.overlap),
    consumers: key.consumers.map(({ namespace, externalSecret }) => ({ namespace, externalSecret })),
    restarts: [...key.restarts],
  };
}
