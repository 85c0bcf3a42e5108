import { createSign, generateKeyPairSync } from "node:crypto";
import { readFile } from "node:fs/promises";
import { CoreV1Api, KubeConfig, RbacAuthorizationV1Api } from "@kubernetes/client-node";
import type { RunningSandbox } from "../../../sandbox/sandbox.ts";
import type { ServiceAccountRef } from "../main-job/cluster.ts";

function adminConfig({ kubernetes }: RunningSandbox): KubeConfig {
  const config = new KubeConfig();
  config.loadFromFile(kubernetes.kubeconfigs.admin);
  return config;
}

function coreApi(sandbox: RunningSandbox): CoreV1Api {
  return adminConfig(sandbox).makeApiClient(CoreV1Api);
}

/**
 * Lets accounts have their own tokens reviewed, as the stores' accounts may: what then refuses their logins is the role.
 * @returns takes the right away again
 */
export async function allowReviews(
  sandbox: RunningSandbox,
  accounts: readonly ServiceAccountRef[],
): Promise<() => Promise<void>> {
  const rbac = adminConfig(sandbox).makeApiClient(RbacAuthorizationV1Api);
  const name = "least-privilege-strangers";
  await rbac.createClusterRoleBinding({
    body: {
      metadata: { name },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "system:auth-delegator" },
      subjects: accounts.map((account) => ({ kind: "ServiceAccount", ...account })),
    },
  });
  return async () => {
    await rbac.deleteClusterRoleBinding({ name });
  };
}

/** A service account that no stack declares, in a namespace that none does. */
export async function makeStranger(
  sandbox: RunningSandbox,
  { namespace, name }: ServiceAccountRef,
): Promise<void> {
  const core = coreApi(sandbox);
  await core.createNamespace({ body: { metadata: { name: namespace } } });
  await core.createNamespacedServiceAccount({ namespace, body: { metadata: { name } } });
}

export async function removeNamespace(sandbox: RunningSandbox, name: string): Promise<void> {
  await coreApi(sandbox).deleteNamespace({ name });
}

/**
 * Runs work while a service account is deleted, and makes one of the same name afterwards.
 */
export async function whileDeleted<T>(
  sandbox: RunningSandbox,
  { namespace, name }: ServiceAccountRef,
  work: () => Promise<T>,
): Promise<T> {
  const core = coreApi(sandbox);
  const { metadata } = await core.readNamespacedServiceAccount({ namespace, name });
  await core.deleteNamespacedServiceAccount({ namespace, name });
  try {
    return await work();
  } finally {
    const labels = metadata?.labels ?? {};
    await core.createNamespacedServiceAccount({ namespace, body: { metadata: { name, labels } } });
  }
}

/** A service account's token with other claims, signed by the cluster's own key, or by a key that only looks like it. */
export async function resigned(
  sandbox: RunningSandbox,
  token: string,
  claims: Readonly<Record<string, unknown>>,
  signer: "cluster" | "forger" = "cluster",
): Promise<string> {
  const [header = "", payload = ""] = token.split(".");
  const old = JSON.parse(Buffer.from(payload, "base64url").toString()) as Readonly<Record<string, unknown>>;
  const body = Buffer.from(JSON.stringify({ ...old, ...claims })).toString("base64url");
  const key =
    signer === "cluster"
      ? await readFile(sandbox.paths.serviceAccountKeyFile, "utf8")
      : generateKeyPairSync("rsa", { modulusLength: 2_048 }).privateKey;
  const signature = createSign("RSA-SHA256").update(`${header}.${body}`).sign(key).toString("base64url");
  return `${header}.${body}.${signature}`;
}
