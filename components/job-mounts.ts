import { dirname } from "node:path";

const SERVICE_ACCOUNT_DIR = "/var/run/secrets/kubernetes.io/serviceaccount";

/** Where a pod of the program's own jobs finds its program, what it is told, and the CA by which it knows Vault. */
export interface JobPaths {
  readonly program: string;
  readonly spec: string;
  readonly vaultCa: string;
}

/** Names of the two ConfigMaps that such a pod mounts; texts, or outputs of what creates them. */
export interface JobFiles<Name> {
  readonly program: Name;
  readonly spec: Name;
}

/**
 * The pod's volumes, where its container has them, and what the program takes of them from its environment. The service
 * account is mounted by hand, with a token that is good for so long.
 */
export function jobMounts<Name>(
  paths: JobPaths,
  files: JobFiles<Name>,
  tokenSeconds: number,
  caCertificate: string | undefined,
) {
  return {
    volumes: [
      { name: "program", configMap: { name: files.program } },
      { name: "spec", configMap: { name: files.spec } },
      { name: "account", projected: { sources: account(tokenSeconds) } },
    ],
    volumeMounts: [
      { name: "program", mountPath: dirname(paths.program), readOnly: true },
      { name: "spec", mountPath: dirname(paths.spec), readOnly: true },
      { name: "account", mountPath: SERVICE_ACCOUNT_DIR, readOnly: true },
    ],
    env: [
      { name: "SERVICE_ACCOUNT_DIR", value: SERVICE_ACCOUNT_DIR },
      ...(caCertificate === undefined ? [] : [{ name: "VAULT_CACERT", value: paths.vaultCa }]),
    ],
  };
}

/** What `automountServiceAccountToken` would mount. */
function account(expirationSeconds: number) {
  return [
    { serviceAccountToken: { path: "token", expirationSeconds } },
    { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
  ];
}
