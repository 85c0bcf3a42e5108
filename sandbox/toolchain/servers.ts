/** The servers that the sandbox runs, and where each one comes from. The pins are in each module's go.mod. */

export type ServerName =
  | "etcd"
  | "kube-apiserver"
  | "kube-controller-manager"
  | "vault"
  | "external-secrets"
  | "helm";

/** How a binary says what it is: the arguments to ask with, and what it answers (first group: the version). */
export interface VersionQuestion {
  readonly arguments: readonly string[];
  readonly answer: RegExp;
}

export interface ServerSource {
  readonly name: ServerName;
  /** Folder under `sandbox/toolchain` that holds the pinned `go.mod` and `go.sum`. */
  readonly module: string;
  /** Go package to build; its module's version in `go.mod` is the server's version. */
  readonly package: string;
  /** Go module that holds `package`. */
  readonly goModule: string;
  /** Path of a binary to use as it is, e.g. `SANDBOX_VAULT_BINARY`. */
  readonly environmentVariable: string;
  /** Absent: the binary cannot say its version, so that one on PATH is never taken. */
  readonly version?: VersionQuestion;
  /** Linker variables that a plain `go build` leaves empty, from the pinned version. */
  readonly linkerVariables?: (version: PinnedVersion) => Readonly<Record<string, string>>;
}

export interface PinnedVersion {
  /** As in go.mod, e.g. `v1.36.2`. */
  readonly text: string;
  readonly major: string;
  readonly minor: string;
}

const kubernetesVersion: VersionQuestion = { arguments: ["--version"], answer: /^Kubernetes (v\S+)/m };

/**
 * A Kubernetes built without these calls itself v0.0.0-master, and charts that ask for a `kubeVersion` refuse it.
 * The names are those of Kubernetes' own release build (k8s.io/component-base/version/base.go).
 */
function kubernetesLinkerVariables(version: PinnedVersion): Readonly<Record<string, string>> {
  return {
    "k8s.io/component-base/version.gitVersion": version.text,
    "k8s.io/component-base/version.gitMajor": version.major,
    "k8s.io/component-base/version.gitMinor": version.minor,
  };
}

/** In the order in which they are built: what takes longest stands last. */
export const servers: readonly ServerSource[] = [
  {
    name: "etcd",
    module: "etcd",
    package: "go.etcd.io/etcd/server/v3",
    goModule: "go.etcd.io/etcd/server/v3",
    environmentVariable: "SANDBOX_ETCD_BINARY",
    version: { arguments: ["--version"], answer: /^etcd Version: (\S+)/m },
  },
  {
    name: "helm",
    module: "helm",
    package: "helm.sh/helm/v3/cmd/helm",
    goModule: "helm.sh/helm/v3",
    environmentVariable: "SANDBOX_HELM_BINARY",
    version: { arguments: ["version", "--short"], answer: /^(v\S+)/m },
  },
  {
    name: "kube-apiserver",
    module: "kubernetes",
    package: "k8s.io/kubernetes/cmd/kube-apiserver",
    goModule: "k8s.io/kubernetes",
    environmentVariable: "SANDBOX_KUBE_APISERVER_BINARY",
    version: kubernetesVersion,
    linkerVariables: kubernetesLinkerVariables,
  },
  {
    name: "kube-controller-manager",
    module: "kubernetes",
    package: "k8s.io/kubernetes/cmd/kube-controller-manager",
    goModule: "k8s.io/kubernetes",
    environmentVariable: "SANDBOX_KUBE_CONTROLLER_MANAGER_BINARY",
    version: kubernetesVersion,
    linkerVariables: kubernetesLinkerVariables,
  },
  {
    name: "vault",
    module: "vault",
    package: "github.com/hashicorp/vault",
    goModule: "github.com/hashicorp/vault",
    environmentVariable: "SANDBOX_VAULT_BINARY",
    version: { arguments: ["version"], answer: /^Vault (v\S+)/m },
  },
  {
    name: "external-secrets",
    module: "external-secrets",
    package: "github.com/external-secrets/external-secrets",
    goModule: "github.com/external-secrets/external-secrets",
    environmentVariable: "SANDBOX_EXTERNAL_SECRETS_BINARY",
  },
];

/**
 * The version that a `go.mod` requires of a module.
 * @throws when the module is not required there, or not at a plain release.
 */
export function pinnedVersion(goMod: string, goModule: string): PinnedVersion {
  for (const line of goMod.split("\n")) {
    const [path, text] = line
      .replace(/^\s*require\s/, "")
      .trim()
      .split(/\s+/);
    if (path !== goModule) continue;
    const [, major, minor] = /^v(\d+)\.(\d+)\.\d+$/.exec(text ?? "") ?? [];
    if (text !== undefined && major !== undefined && minor !== undefined) return { text, major, minor };
  }
  throw new Error(`go.mod requires no released version of ${goModule}; expected a line "${goModule} vX.Y.Z"`);
}
