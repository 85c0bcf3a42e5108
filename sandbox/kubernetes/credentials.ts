import { generateKeyPairSync, randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { stringify } from "yaml";
import {
  type Authority,
  type CertificateFiles,
  type CertificateRequest,
  ensureCertificate,
} from "../certificates/authority.ts";
import { readIfExists, readState, type SandboxPaths, writePrivate } from "../state.ts";

/** The certificates that etcd and the API server run with. */
export interface KubernetesCertificates {
  readonly etcd: CertificateFiles;
  readonly etcdClient: CertificateFiles;
  readonly apiServer: CertificateFiles;
}

/** Name of the context, the cluster and the user in every kubeconfig of the sandbox. */
export const contextName = "sandbox";

const loopback = { dns: ["localhost"], ips: ["127.0.0.1"] };

const certificateRequests = {
  etcd: { name: "etcd", commonName: "etcd", ...loopback, usages: ["server", "client"] },
  etcdClient: { name: "etcd-client", commonName: "kube-apiserver-etcd-client", usages: ["client"] },
  apiServer: {
    name: "kube-apiserver",
    commonName: "kube-apiserver",
    dns: [
      "localhost",
      "kubernetes",
      "kubernetes.default",
      "kubernetes.default.svc",
      "kubernetes.default.svc.cluster.local",
    ],
    // The second is the ClusterIP of the service `kubernetes`: the first address of the service range.
    ips: ["127.0.0.1", "127.96.0.1"],
    usages: ["server"],
  },
} as const satisfies Readonly<Record<keyof KubernetesCertificates, CertificateRequest>>;

/** Everything that the Kubernetes servers read from files: certificates, keys, kubeconfigs, encryption at rest. */
export async function ensureKubernetesCredentials(
  paths: SandboxPaths,
  authority: Authority,
  apiAddress: string,
): Promise<KubernetesCertificates> {
  await ensureServiceAccountKey(paths);
  await ensureEncryptionConfig(paths);
  const kubeconfigs: readonly (readonly [string, CertificateRequest])[] = [
    [paths.kubeconfig, user("admin", "sandbox-admin", ["system:masters"])],
    [paths.controllerManagerKubeconfig, user("controller-manager", "system:kube-controller-manager", [])],
    // It binds pods, requests their service accounts' tokens and reads their Secrets, as scheduler and kubelet do.
    [paths.nodeAgentKubeconfig, user("node-agent", "sandbox-node-agent", ["system:masters"])],
  ];
  for (const [file, request] of kubeconfigs) {
    if ((await readIfExists(file)) !== undefined) continue;
    await writeKubeconfig(paths, file, apiAddress, await ensureCertificate(paths, authority, request));
  }
  return {
    etcd: await ensureCertificate(paths, authority, certificateRequests.etcd),
    etcdClient: await ensureCertificate(paths, authority, certificateRequests.etcdClient),
    apiServer: await ensureCertificate(paths, authority, certificateRequests.apiServer),
  };
}

function user(name: string, commonName: string, organizations: readonly string[]): CertificateRequest {
  return { name: `kubernetes-${name}`, commonName, organizations, usages: ["client"] };
}

async function ensureServiceAccountKey(paths: SandboxPaths): Promise<void> {
  if ((await readIfExists(paths.serviceAccountPublicKeyFile)) !== undefined) return;
  const keys = generateKeyPairSync("rsa", {
    modulusLength: 2_048,
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
  await writePrivate(paths.serviceAccountKeyFile, keys.privateKey);
  await writePrivate(paths.serviceAccountPublicKeyFile, keys.publicKey);
}

/** Secrets are written with a key of this sandbox, and read with no other. */
async function ensureEncryptionConfig(paths: SandboxPaths): Promise<void> {
  if ((await readIfExists(paths.encryptionConfig)) !== undefined) return;
  const key = { name: "sandbox", secret: randomBytes(32).toString("base64") };
  const config = {
    apiVersion: "apiserver.config.k8s.io/v1",
    kind: "EncryptionConfiguration",
    resources: [{ resources: ["secrets"], providers: [{ secretbox: { keys: [key] } }] }],
  };
  await writePrivate(paths.encryptionConfig, stringify(config));
}

/** A kubeconfig with one context, {@link contextName}, for the holder of a client certificate. */
export async function writeKubeconfig(
  paths: SandboxPaths,
  file: string,
  server: string,
  certificate: CertificateFiles,
): Promise<void> {
  const base64 = (text: string | Buffer) => Buffer.from(text).toString("base64");
  const cluster = { server, "certificate-authority-data": base64(await readState(paths.caFile)) };
  const credentials = {
    "client-certificate-data": base64(await readFile(certificate.certFile)),
    "client-key-data": base64(await readFile(certificate.keyFile)),
  };
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: contextName, cluster }],
    users: [{ name: contextName, user: credentials }],
    contexts: [{ name: contextName, context: { cluster: contextName, user: contextName } }],
    "current-context": contextName,
  };
  await writePrivate(file, stringify(config));
}
