import { rotationNames } from "../components/rotation/names.ts";
import { rotationAccount, rotationGrants } from "../components/rotation/vault-access.ts";
import type { RotationKey, RotationSettings } from "../config/rotation-settings.ts";
import type { Settings } from "../config/schema.ts";
import type { Grant } from "./operators/document.ts";

/** Somebody who changes secrets: the service account that rotates one key. */
export interface Rotator {
  /** Name of the declared key. */
  readonly key: string;
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly role: string;
  readonly policies: readonly string[];
  /** All that it may do in Vault beside ending its own session, sorted by path. */
  readonly grants: readonly Grant[];
}

type RotatorSettings = Pick<Settings, "environment" | "vault" | "kubernetes" | "rotation">;

/** Who may write what besides operators, as far as this stack's declaration goes. */
export function rotatorsOf(settings: RotatorSettings): readonly Rotator[] {
  const { rotation } = settings;
  return rotation === undefined ? [] : rotation.keys.map((key) => rotatorOf(settings, rotation, key));
}

function rotatorOf(settings: RotatorSettings, rotation: RotationSettings, key: RotationKey): Rotator {
  const { roleName: role, tokenPolicies: policies } = rotationAccount(settings, rotation, key);
  const grants = rotationGrants(settings, rotation, key).filter(({ path }) => !path.startsWith("auth/"));
  return {
    key: key.name,
    namespace: rotation.namespace,
    serviceAccount: rotationNames(settings, rotation, key).rotate,
    role,
    policies,
    grants: grants.toSorted((a, b) => (a.path < b.path ? -1 : 1)),
  };
}
