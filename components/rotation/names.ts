import { JOBS } from "../../config/rotation.ts";
import type { RotationKey, RotationSettings } from "../../config/rotation-settings.ts";
import type { Settings } from "../../config/schema.ts";
import { ownLabels } from "../external-secrets/metadata.ts";

/** Label of everything that one key's rotation has in the cluster, with the key's name as its value. */
export const ROTATION_LABEL = "vault-management/rotation";

/** What one key's rotation is called. */
export interface RotationNames {
  /** CronJob that replaces the key; also the service account, and in each namespace the Role and its binding. */
  readonly rotate: string;
  /** CronJob that revokes the previous one. */
  readonly finish: string;
  /** Role in Vault; a rotator's namespace is no declared one, so no store's role has this name. */
  readonly vaultRole: string;
  readonly vaultPolicy: string;
}

export function rotationNames(
  { vault }: Pick<Settings, "vault">,
  { namespace }: Pick<RotationSettings, "namespace">,
  key: Pick<RotationKey, "name">,
): RotationNames {
  const { rolePrefix } = vault.auth;
  return {
    rotate: `${JOBS.rotate}${key.name}`,
    finish: `${JOBS.finish}${key.name}`,
    vaultRole: `${rolePrefix}-${namespace}.${key.name}`,
    vaultPolicy: `${rolePrefix}.${namespace}.${key.name}`,
  };
}

export function rotationLabels(
  environment: string,
  key: Pick<RotationKey, "name">,
): Readonly<Record<string, string>> {
  return { ...ownLabels(environment), [ROTATION_LABEL]: key.name };
}
