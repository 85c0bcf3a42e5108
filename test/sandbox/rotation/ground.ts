import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import type { VaultClient } from "../../../clients/vault.ts";
import { bundleJob } from "../../../jobs/bundle.ts";
import { ensureAuthority, ensureCertificate } from "../../../sandbox/certificates/authority.ts";
import { isNotFound, KubeClient } from "../../../sandbox/node-agent/api/client.ts";
import { readKubeconfig } from "../../../sandbox/node-agent/api/kubeconfig.ts";
import { until } from "../../../sandbox/processes/until.ts";
import { type RunningProvider, startProvider } from "../../../sandbox/providers/server.ts";
import type { RunningSandbox } from "../../../sandbox/sandbox.ts";
import { openRoot } from "../../../sandbox/vault/root.ts";
import { undefinedWhileUnsettled } from "../../../sandbox/vault/unsettled.ts";

export const MOUNT = "rotation-test";
export const AUTH_MOUNT = "rotation-test";
export const NAMESPACE = "rotation-test";
const STORE = "live";

/** What all cases share: real Vault, API server and ESO, and an emulated provider. */
export interface RotationGround {
  readonly sandbox: RunningSandbox;
  /** As Vault's root. */
  readonly vault: VaultClient;
  /** As the cluster's administrator. */
  readonly cluster: KubeClient;
  readonly provider: RunningProvider;
  /** The bundled program. */
  readonly program: string;
  readonly folder: string;
  readonly certificate: { readonly cert: string; readonly key: string };
  /** The provider's credential; it stands at `admin#api_key`. */
  readonly adminKey: string;
  /** SIGSTOP hangs the tests' ESO, SIGCONT lets it go on. */
  signalEso(signal: "SIGSTOP" | "SIGCONT"): void;
  close(): Promise<void>;
}

export async function rotationGround(sandbox: RunningSandbox): Promise<RotationGround> {
  const folder = await mkdtemp(join(tmpdir(), "rotation-"));
  const vault = await openRoot(sandbox);
  const cluster = new KubeClient(readKubeconfig(sandbox.kubernetes.kubeconfigs.admin));
  const adminKey = `sk-admin-${randomBytes(16).toString("hex")}`;
  const provider = await startProvider(adminKey);
  const program = join(folder, "rotator.mjs");
  await writeFile(program, bundleJob("rotator"));
  await prepareVault(sandbox, vault, adminKey);
  await prepareCluster(sandbox, cluster);
  const eso = startEso(sandbox);
  return {
    ...{ sandbox, vault, cluster, provider, program, folder, adminKey },
    certificate: await proxyCertificate(sandbox),
    signalEso: (signal) => eso.kill(signal),
    close: async () => {
      await provider.close();
      await endNamespace(cluster);
      eso.kill("SIGKILL");
      for (const mount of [`sys/auth/${AUTH_MOUNT}`, `sys/mounts/${MOUNT}`]) await unmount(vault, mount);
      await vault.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** A hundred cases leave so many logins and paths that Vault may take longer than one request to forget them. */
async function unmount(vault: VaultClient, mount: string): Promise<void> {
  await until(`Vault had forgotten ${mount}`, { deadlineMs: 300_000, intervalMs: 1_000 }, () =>
    vault.delete(mount).then(() => true as const, undefinedWhileUnsettled),
  );
}

async function prepareVault(
  { kubernetes }: RunningSandbox,
  vault: VaultClient,
  adminKey: string,
): Promise<void> {
  await vault.write(`sys/mounts/${MOUNT}`, { type: "kv", options: { version: "2" } });
  await vault.write(`sys/auth/${AUTH_MOUNT}`, { type: "jwt" });
  await vault.write(`auth/${AUTH_MOUNT}/config`, {
    jwt_validation_pubkeys: [kubernetes.serviceAccountPublicKeyPem],
    bound_issuer: kubernetes.issuer,
  });
  await vault.write("sys/policies/acl/rotation-test-store", {
    policy: `path "${MOUNT}/data/live/*" { capabilities = ["read"] }`,
  });
  await vault.write(`auth/${AUTH_MOUNT}/role/store`, {
    ...{ role_type: "jwt", user_claim: "sub", bound_audiences: ["vault"] },
    bound_subject: `system:serviceaccount:${NAMESPACE}:${STORE}`,
    token_policies: ["rotation-test-store"],
  });
  await until("a new KV mount takes writes", { deadlineMs: 20_000 }, () =>
    vault.write(`${MOUNT}/data/admin`, { data: { api_key: adminKey } }).then(
      () => true,
      () => undefined,
    ),
  );
}

async function prepareCluster(sandbox: RunningSandbox, cluster: KubeClient): Promise<void> {
  const definitions = parseAllDocuments(await readFile(sandbox.toolchain.crds, "utf8"));
  for (const document of definitions) {
    await ensure(cluster, "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", document.toJS());
  }
  await ensure(cluster, "/api/v1/namespaces", { metadata: { name: NAMESPACE } });
  await ensure(cluster, `/api/v1/namespaces/${NAMESPACE}/serviceaccounts`, { metadata: { name: STORE } });
  await until("the API server serves SecretStores", { deadlineMs: 20_000 }, () =>
    ensure(cluster, `/apis/external-secrets.io/v1/namespaces/${NAMESPACE}/secretstores`, store(sandbox)).then(
      () => true,
      () => undefined,
    ),
  );
}

function store({ vault }: RunningSandbox) {
  return {
    apiVersion: "external-secrets.io/v1",
    kind: "SecretStore",
    metadata: { name: STORE },
    spec: {
      provider: {
        vault: {
          ...{ server: vault.address, path: MOUNT, version: "v2" },
          caBundle: Buffer.from(vault.caPem).toString("base64"),
          auth: {
            jwt: {
              path: AUTH_MOUNT,
              role: "store",
              kubernetesServiceAccountToken: {
                serviceAccountRef: { name: STORE },
                audiences: ["vault"],
                expirationSeconds: 600,
              },
            },
          },
        },
      },
    },
  };
}

/** Its ExternalSecrets end only while their ESO runs; the next file makes the namespace anew. */
async function endNamespace(cluster: KubeClient): Promise<void> {
  const path = `/api/v1/namespaces/${NAMESPACE}`;
  await cluster.send("DELETE", path);
  await until("the tests' namespace is gone", { deadlineMs: 120_000 }, () =>
    cluster.get(path).then(
      () => undefined,
      (error: unknown) => (isNotFound(error) ? true : Promise.reject(error)),
    ),
  );
}

/** An ESO of the tests' own, for their namespace alone. */
function startEso({ toolchain, kubernetes }: RunningSandbox): ChildProcess {
  const off = ["cluster-store", "cluster-external-secret", "cluster-push-secret", "push-secret"];
  const args = [
    ...[`--namespace=${NAMESPACE}`, "--metrics-addr=0", "--live-addr=127.0.0.1:0", "--concurrent=8"],
    ...["--client-qps=200", "--client-burst=400", "--loglevel=error"],
    ...off.map((name) => `--enable-${name}-reconciler=false`),
  ];
  const env = { KUBECONFIG: kubernetes.kubeconfigs.admin };
  return spawn(toolchain.binaries["external-secrets"], args, { env, stdio: "ignore" });
}

export function externalSecret(name: string, path: string, property: string) {
  return {
    apiVersion: "external-secrets.io/v1",
    kind: "ExternalSecret",
    metadata: { name },
    spec: {
      refreshInterval: "1h",
      secretStoreRef: { name: STORE, kind: "SecretStore" },
      target: { name },
      data: [{ secretKey: "api_key", remoteRef: { key: path, property } }],
    },
  };
}

/** Creates an object, unless it is there. */
export async function ensure(cluster: KubeClient, path: string, body: unknown): Promise<void> {
  await cluster.send("POST", path, body).catch((error: { readonly status?: number }) => {
    if (error.status !== 409) throw error;
  });
}

async function proxyCertificate({ paths }: RunningSandbox) {
  const { certFile, keyFile } = await ensureCertificate(paths, await ensureAuthority(paths), {
    name: "rotation-proxy",
    commonName: "rotation-proxy",
    ips: ["127.0.0.1"],
    usages: ["server"],
  });
  return { cert: await readFile(certFile, "utf8"), key: await readFile(keyFile, "utf8") };
}
