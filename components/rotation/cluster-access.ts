import type { RotationKey, RotationSettings } from "../../config/rotation-settings.ts";
import type { Settings } from "../../config/schema.ts";
import { requiredRules } from "../../jobs/rotator/grants.ts";
import { ownLabels } from "../external-secrets/metadata.ts";
import { tokenReviewBindingName, tokenReviewRoleName } from "../external-secrets/rbac.ts";
import { rotationLabels, rotationNames } from "./names.ts";
import { rotatorSpec } from "./rotator-spec.ts";

const RBAC = "rbac.authorization.k8s.io";

/** A rotator's Role in each namespace that it has to do with, its own and its consumers', and the binding that gives it. */
export function rotatorRoles(settings: Settings, rotation: RotationSettings, key: RotationKey) {
  const { rotate: name } = rotationNames(settings, rotation, key);
  const labels = rotationLabels(settings.environment, key);
  return Object.entries(requiredRules(rotatorSpec(settings, rotation, key))).map(([namespace, rules]) => ({
    namespace,
    role: { metadata: { name, namespace, labels }, rules: [...rules] },
    binding: {
      metadata: { name, namespace, labels },
      roleRef: { apiGroup: RBAC, kind: "Role", name },
      subjects: [{ kind: "ServiceAccount", name, namespace: rotation.namespace }],
    },
  }));
}

/** Lets the rotators' logins be reviewed by the cluster; with method `jwt` nothing is. */
export function tokenReview(settings: Settings, rotation: RotationSettings) {
  const { environment, vault } = settings;
  if (vault.auth.method !== "kubernetes") return undefined;
  return {
    metadata: {
      name: tokenReviewBindingName(environment, rotation.namespace),
      labels: ownLabels(environment),
    },
    roleRef: { apiGroup: RBAC, kind: "ClusterRole", name: tokenReviewRoleName(environment) },
    subjects: rotation.keys.map((key) => ({
      kind: "ServiceAccount",
      name: rotationNames(settings, rotation, key).rotate,
      namespace: rotation.namespace,
    })),
  };
}
