import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { PortPlan } from "../processes/ports.ts";
import type { ProcessSpec } from "../processes/start.ts";
import type { SandboxPaths } from "../state.ts";
import type { KubernetesCertificates } from "./credentials.ts";

/** The issuer of service account tokens, and the audience that the API server takes for itself. */
export const serviceAccountIssuer = "https://kubernetes.default.svc";
export const apiAudience = "https://kubernetes.default.svc.cluster.local";

/** Loopback, so that a ClusterIP never leaves the machine; the API server accepts it for services. */
const serviceRange = "127.96.0.0/16";

/** The one that users are given. */
const auditPolicy = fileURLToPath(new URL("../../docs/kubernetes-audit-policy.yaml", import.meta.url));

/** Those of the controller manager's controllers that what is deployed here relies on; pods have no cloud, volumes or network. */
const controllers = [
  "namespace-controller",
  "serviceaccount-controller",
  "serviceaccount-token-controller",
  "root-ca-certificate-publisher-controller",
  "clusterrole-aggregation-controller",
  "garbage-collector-controller",
  "pod-garbage-collector-controller",
  "resourcequota-controller",
  "deployment-controller",
  "replicaset-controller",
  "statefulset-controller",
  "disruption-controller",
  "job-controller",
  "cronjob-controller",
  "ttl-after-finished-controller",
  "validatingadmissionpolicy-status-controller",
];

export function kubernetesAddress(ports: PortPlan): string {
  return `https://127.0.0.1:${ports.kubernetes}`;
}

export function etcdAddress(ports: PortPlan): string {
  return `https://127.0.0.1:${ports.etcdClient}`;
}

export function etcdProcess(
  paths: SandboxPaths,
  ports: PortPlan,
  program: string,
  { etcd }: KubernetesCertificates,
): ProcessSpec {
  const client = etcdAddress(ports);
  const peer = `https://127.0.0.1:${ports.etcdPeer}`;
  return {
    name: "etcd",
    command: [
      program,
      "--name=sandbox",
      `--data-dir=${join(paths.etcd, "data")}`,
      `--listen-client-urls=${client}`,
      `--advertise-client-urls=${client}`,
      `--listen-peer-urls=${peer}`,
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=sandbox=${peer}`,
      `--cert-file=${etcd.certFile}`,
      `--key-file=${etcd.keyFile}`,
      "--client-cert-auth=true",
      `--trusted-ca-file=${paths.caFile}`,
      `--peer-cert-file=${etcd.certFile}`,
      `--peer-key-file=${etcd.keyFile}`,
      "--peer-client-cert-auth=true",
      `--peer-trusted-ca-file=${paths.caFile}`,
      "--log-level=warn",
    ],
    cwd: paths.etcd,
    ports: [
      { port: ports.etcdClient, use: "etcd (clients)" },
      { port: ports.etcdPeer, use: "etcd (peers)" },
    ],
  };
}

export function apiServerProcess(
  paths: SandboxPaths,
  ports: PortPlan,
  program: string,
  { etcdClient, apiServer }: KubernetesCertificates,
): ProcessSpec {
  return {
    name: "kube-apiserver",
    command: [
      program,
      "--bind-address=127.0.0.1",
      "--advertise-address=127.0.0.1",
      `--secure-port=${ports.kubernetes}`,
      `--tls-cert-file=${apiServer.certFile}`,
      `--tls-private-key-file=${apiServer.keyFile}`,
      `--client-ca-file=${paths.caFile}`,
      `--etcd-servers=${etcdAddress(ports)}`,
      `--etcd-cafile=${paths.caFile}`,
      `--etcd-certfile=${etcdClient.certFile}`,
      `--etcd-keyfile=${etcdClient.keyFile}`,
      `--encryption-provider-config=${paths.encryptionConfig}`,
      "--authorization-mode=RBAC",
      `--service-account-issuer=${serviceAccountIssuer}`,
      `--service-account-key-file=${paths.serviceAccountPublicKeyFile}`,
      `--service-account-signing-key-file=${paths.serviceAccountKeyFile}`,
      `--api-audiences=${apiAudience}`,
      `--service-cluster-ip-range=${serviceRange}`,
      `--audit-policy-file=${auditPolicy}`,
      `--audit-log-path=${paths.kubernetesAuditLog}`,
      "--audit-log-maxsize=100", // MiB
      "--audit-log-maxbackup=4",
      "--endpoint-reconciler-type=none",
      "--profiling=false",
    ],
    // A tighter garbage collector: the whole sandbox is to fit in 2 GiB.
    env: { GOGC: "50" },
    cwd: paths.kubernetes,
    ports: [{ port: ports.kubernetes, use: "kube-apiserver" }],
  };
}

export function controllerManagerProcess(paths: SandboxPaths, program: string): ProcessSpec {
  return {
    name: "kube-controller-manager",
    command: [
      program,
      `--kubeconfig=${paths.controllerManagerKubeconfig}`,
      `--controllers=${controllers.join(",")}`,
      "--use-service-account-credentials=true",
      `--service-account-private-key-file=${paths.serviceAccountKeyFile}`,
      `--root-ca-file=${paths.caFile}`,
      "--leader-elect=false",
      "--secure-port=0",
      "--profiling=false",
    ],
    env: { GOGC: "50" },
    cwd: paths.kubernetes,
    ports: [],
  };
}
