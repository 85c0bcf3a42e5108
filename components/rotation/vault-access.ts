import { type Grant, policyText } from "../../access/operators/document.ts";
import type { RotationKey, RotationSettings } from "../../config/rotation-settings.ts";
import type { Settings } from "../../config/schema.ts";
import { requiredGrants } from "../../jobs/rotator/grants.ts";
import { mountDescription } from "../vault/ownership.ts";
import type { PolicyDocument } from "../vault/policies.ts";
import type { BoundAccount } from "../vault/roles.ts";
import { RUN_SECONDS } from "./cron-jobs.ts";
import { rotationNames } from "./names.ts";
import { type RotatorSettings, rotatorSpec } from "./rotator-spec.ts";

/** All that a key's rotator may do in Vault. */
export function rotationGrants(
  settings: RotatorSettings,
  rotation: RotationSettings,
  key: RotationKey,
): readonly Grant[] {
  return requiredGrants(rotatorSpec(settings, rotation, key));
}

/** The one policy of a key's rotator: nothing of it is shared with another key's, nor with workloads. */
export function rotationPolicy(
  settings: RotatorSettings,
  rotation: RotationSettings,
  key: RotationKey,
): PolicyDocument {
  return {
    name: rotationNames(settings, rotation, key).vaultPolicy,
    document: policyText(
      `${mountDescription(settings.environment)}: rotation of ${key.name}`,
      rotationGrants(settings, rotation, key),
    ),
  };
}

/** A key's rotator as it logs in. A token lives as long as a run may last: a run renews nothing, and ends its own. */
export function rotationAccount(
  settings: Pick<Settings, "vault">,
  rotation: RotationSettings,
  key: RotationKey,
): BoundAccount {
  const names = rotationNames(settings, rotation, key);
  return {
    roleName: names.vaultRole,
    namespace: rotation.namespace,
    serviceAccount: names.rotate,
    tokenPolicies: [names.vaultPolicy],
    tokenTtlSeconds: RUN_SECONDS,
    tokenMaxTtlSeconds: RUN_SECONDS,
  };
}
