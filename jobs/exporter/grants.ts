import type { Grant } from "../../access/operators/document.ts";
import type { PolicyRule } from "../../components/external-secrets/rbac.ts";
import { type ExporterSpec, metadataPath, metadataPaths } from "./spec.ts";

/**
 * All that the exporter's token needs in Vault: metadata, path by path, and what the cluster says of itself. No value can be
 * read with it. Vault asks for `sudo` to list audit devices; nothing can be changed with it there.
 */
export function requiredGrants(spec: ExporterSpec): readonly Grant[] {
  return [
    ...[...metadataPaths(spec), spec.memory].map(
      (one): Grant => ({ path: metadataPath(one), capabilities: ["read"] }),
    ),
    { path: "sys/audit", capabilities: ["read", "sudo"] },
    { path: "sys/metrics", capabilities: ["read"] },
    { path: "sys/storage/raft/autopilot/state", capabilities: ["read"] },
    { path: "auth/token/revoke-self", capabilities: ["update"] },
  ];
}

/**
 * All that its service account needs in Kubernetes, by namespace: a token of its own, what ESO says of stores and
 * ExternalSecrets, and since when each rotation is there. It reads no Secret.
 */
export function requiredRules(spec: ExporterSpec): Readonly<Record<string, readonly PolicyRule[]>> {
  const { account, stores, secrets, rotations } = spec;
  const watched = new Set([...stores, ...secrets].map(({ namespace }) => namespace));
  const namespaces = new Set([account.namespace, ...watched, ...rotations.map(({ namespace }) => namespace)]);
  return Object.fromEntries(
    [...namespaces]
      .toSorted()
      .map((namespace) => [
        namespace,
        [
          ...(namespace === account.namespace ? [tokenRule(account.serviceAccount)] : []),
          ...(watched.has(namespace) ? [statusRule] : []),
          ...cronJobRules(rotations.filter((one) => one.namespace === namespace)),
        ],
      ]),
  );
}

const statusRule: PolicyRule = {
  apiGroups: ["external-secrets.io"],
  resources: ["externalsecrets", "secretstores"],
  verbs: ["get", "list", "watch"],
};

function tokenRule(serviceAccount: string): PolicyRule {
  return {
    apiGroups: [""],
    resources: ["serviceaccounts/token"],
    resourceNames: [serviceAccount],
    verbs: ["create"],
  };
}

function cronJobRules(rotations: ExporterSpec["rotations"]): readonly PolicyRule[] {
  if (rotations.length === 0) return [];
  const resourceNames = rotations.map(({ cronJob }) => cronJob).toSorted();
  return [{ apiGroups: ["batch"], resources: ["cronjobs"], resourceNames, verbs: ["get"] }];
}
