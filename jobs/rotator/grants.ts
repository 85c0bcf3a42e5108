import type { Grant } from "../../access/operators/document.ts";
import type { PolicyRule } from "../../components/external-secrets/rbac.ts";
import { RESOURCES, type RotationSpec } from "./spec.ts";

/**
 * All that a rotation's token needs in Vault: its two slots, its admin credential, and the end of its own session. Of
 * metadata it writes its report, and reads none: what the rotator has to know of versions comes with their data.
 */
export function requiredGrants({ live, state, admin }: RotationSpec): readonly Grant[] {
  return [
    { path: `${live.mount}/data/${live.path}`, capabilities: ["create", "read", "update"] },
    { path: `${state.mount}/data/${state.path}`, capabilities: ["create", "read", "update"] },
    { path: `${state.mount}/metadata/${state.path}`, capabilities: ["patch"] },
    ...(admin === undefined
      ? []
      : [{ path: `${admin.mount}/data/${admin.path}`, capabilities: ["read"] } as const]),
    { path: "auth/token/revoke-self", capabilities: ["update"] },
  ];
}

/**
 * All that a rotation's service account needs in Kubernetes, by namespace: a token of its own, its consumers'
 * ExternalSecrets and the events about them, the workloads that it restarts. It reads no Secret. Where Vault has the login
 * reviewed by the cluster (method `kubernetes`), the account needs `create` on `tokenreviews` besides, as a store's does.
 */
export function requiredRules(spec: RotationSpec): Readonly<Record<string, readonly PolicyRule[]>> {
  const { account, consumers, restarts } = spec;
  const namespaces = new Set([account, ...consumers, ...restarts].map(({ namespace }) => namespace));
  return Object.fromEntries(
    [...namespaces].toSorted().map((namespace) => {
      const here = <T extends { readonly namespace: string }>(all: readonly T[]) =>
        all.filter((one) => one.namespace === namespace);
      return [
        namespace,
        [
          ...(account.namespace === namespace ? [tokenRule(account.serviceAccount)] : []),
          ...consumerRules(here(consumers).map(({ externalSecret }) => externalSecret)),
          ...restartRules(here(restarts)),
        ],
      ];
    }),
  );
}

function tokenRule(serviceAccount: string): PolicyRule {
  return {
    apiGroups: [""],
    resources: ["serviceaccounts/token"],
    resourceNames: [serviceAccount],
    verbs: ["create"],
  };
}

function consumerRules(names: readonly string[]): readonly PolicyRule[] {
  if (names.length === 0) return [];
  return [
    {
      apiGroups: ["external-secrets.io"],
      resources: ["externalsecrets"],
      resourceNames: sorted(names),
      verbs: ["get", "patch"],
    },
    { apiGroups: ["events.k8s.io"], resources: ["events"], verbs: ["create"] },
  ];
}

function restartRules(restarts: RotationSpec["restarts"]): readonly PolicyRule[] {
  return Object.entries(RESOURCES).flatMap(([kind, resource]) => {
    const names = restarts.filter((one) => one.kind === kind).map(({ name }) => name);
    if (names.length === 0) return [];
    return [{ apiGroups: ["apps"], resources: [resource], resourceNames: sorted(names), verbs: ["patch"] }];
  });
}

function sorted(names: readonly string[]): string[] {
  return [...new Set(names)].toSorted();
}
