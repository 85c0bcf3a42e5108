import { auditDevices, auditHmacKeys, rawAudit } from "./audit.ts";
import { certificateRoles, keysStayInVault } from "./certificates.ts";
import { databaseAccounts, databaseConnections, databasePasswords } from "./databases.ts";
import { externalSecretsInComponents } from "./external-secrets.ts";
import { kvValues } from "./kv-values.ts";
import { pinnedImages } from "./pinned-images.ts";
import { plainSecrets } from "./plain-secrets.ts";
import { protectedMounts } from "./protected-mounts.ts";
import type { ResourceRule } from "./resource.ts";
import { boundRoles, noDefaultPolicy, tokenLifetimes } from "./roles.ts";
import { workloadPolicies } from "./workload-policies.ts";

export { auditDevices, plainSecrets };

/** The rules that judge each resource for itself; `plainSecrets`, which must know what is marked secret, stands apart. */
export const resourceRules: readonly ResourceRule[] = [
  workloadPolicies,
  boundRoles,
  noDefaultPolicy,
  tokenLifetimes,
  rawAudit,
  auditHmacKeys,
  protectedMounts,
  kvValues,
  certificateRoles,
  keysStayInVault,
  databasePasswords,
  databaseConnections,
  databaseAccounts,
  externalSecretsInComponents,
  pinnedImages,
];
