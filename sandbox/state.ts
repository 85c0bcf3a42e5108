import { randomBytes } from "node:crypto";
import { chmod, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** Every file and folder of one sandbox, as absolute paths. Folders are 0700; files with secrets are 0600. */
export interface SandboxPaths {
  readonly root: string;
  /** Says that the folder is a sandbox's state, and may therefore be deleted by `reset`. */
  readonly marker: string;
  readonly lock: string;
  /** Held while a root token of Vault is made. */
  readonly rootLock: string;
  /** Held while the operators are set up. */
  readonly operatorsLock: string;
  readonly ports: string;
  readonly logs: string;
  /** One JSON record for each process that was started. */
  readonly processes: string;
  readonly certificates: string;
  readonly caFile: string;
  readonly vault: string;
  /** There only until the first `up` has revoked it. */
  readonly vaultInitialRootTokenFile: string;
  readonly vaultUnsealKeyFile: string;
  /** With it `up` sees which nodes vote. */
  readonly vaultPeersTokenFile: string;
  /** Vault's `file` audit devices, each in `<device>.log`. */
  readonly vaultAudit: string;
  readonly etcd: string;
  readonly kubernetes: string;
  /** The cluster's administrator. */
  readonly kubeconfig: string;
  readonly nodeAgentKubeconfig: string;
  readonly controllerManagerKubeconfig: string;
  readonly encryptionConfig: string;
  readonly serviceAccountKeyFile: string;
  readonly serviceAccountPublicKeyFile: string;
  /** JSON lines of audit.k8s.io/v1, by the policy in docs/. */
  readonly kubernetesAuditLog: string;
  /** The operators' Vault tokens and kubeconfigs. */
  readonly operators: string;
  /** The node agent's own folder: pods, their volumes and logs. */
  readonly node: string;
  readonly images: string;
}

const repository = dirname(dirname(fileURLToPath(import.meta.url)));

/** The paths below `root`. @default root the environment's `SANDBOX_STATE`, else `.sandbox` in the repository */
export function sandboxPaths(root?: string): SandboxPaths {
  const top = resolve(root || process.env.SANDBOX_STATE || join(repository, ".sandbox"));
  const at = (...names: readonly string[]) => join(top, ...names);
  return {
    root: top,
    marker: at(".vault-management-sandbox"),
    lock: at("lock"),
    rootLock: at("root.lock"),
    operatorsLock: at("operators.lock"),
    ports: at("ports.json"),
    logs: at("logs"),
    processes: at("processes"),
    certificates: at("certificates"),
    caFile: at("certificates", "ca.crt"),
    vault: at("vault"),
    vaultInitialRootTokenFile: at("vault", "root-token"),
    vaultUnsealKeyFile: at("vault", "unseal-key"),
    vaultPeersTokenFile: at("vault", "peers-token"),
    vaultAudit: at("audit", "vault"),
    etcd: at("etcd"),
    kubernetes: at("kubernetes"),
    kubeconfig: at("kubernetes", "admin.kubeconfig"),
    nodeAgentKubeconfig: at("kubernetes", "node-agent.kubeconfig"),
    controllerManagerKubeconfig: at("kubernetes", "kube-controller-manager.kubeconfig"),
    encryptionConfig: at("kubernetes", "encryption.yaml"),
    serviceAccountKeyFile: at("kubernetes", "service-account.key"),
    serviceAccountPublicKeyFile: at("kubernetes", "service-account.pub"),
    kubernetesAuditLog: at("audit", "kubernetes", "audit.log"),
    operators: at("operators"),
    node: at("node"),
    images: at("images.json"),
  };
}

/**
 * Makes the folders of the state, or tightens those there are to 0700.
 * A folder that holds something else is refused: `reset` would delete it.
 */
export async function prepareState(paths: SandboxPaths): Promise<void> {
  await privateFolder(paths.root);
  if (!(await isSandbox(paths))) {
    const found = await readdir(paths.root);
    if (found.length > 0) {
      throw new Error(
        `${paths.root} is not a sandbox's state: it already holds ${found.slice(0, 3).join(", ")}. ` +
          "Set SANDBOX_STATE to a new or empty folder.",
      );
    }
    await writePrivate(
      paths.marker,
      "The state of a sandbox: `npm run sandbox -- reset` deletes this folder.\n",
    );
  }
  const folders = [
    paths.logs,
    paths.processes,
    paths.certificates,
    paths.vault,
    paths.etcd,
    paths.kubernetes,
  ];
  const audit = [paths.vaultAudit, dirname(paths.kubernetesAuditLog)];
  for (const folder of [...folders, ...audit, paths.operators, paths.node]) await privateFolder(folder);
}

/** Whether the folder carries the marker of a sandbox. */
export async function isSandbox(paths: SandboxPaths): Promise<boolean> {
  return (await readIfExists(paths.marker)) !== undefined;
}

/** Deletes the whole state. Refuses a folder without the marker; a folder that does not exist is fine. */
export async function deleteState(paths: SandboxPaths): Promise<void> {
  if (!(await isSandbox(paths))) {
    if ((await entriesOf(paths.root)).length === 0) return;
    throw new Error(
      `${paths.root} is not deleted: it has no ${basename(paths.marker)}, so it is not a sandbox's state. ` +
        "Check SANDBOX_STATE.",
    );
  }
  await rm(paths.root, { recursive: true, force: true });
}

/** Writes a file that only its owner may read (0600), in one step: a reader sees the old or the new one, never half. */
export async function writePrivate(file: string, content: string): Promise<void> {
  const temporary = `${file}.${randomBytes(6).toString("hex")}.tmp`;
  await writeFile(temporary, content, { mode: 0o600, flag: "wx" });
  await rename(temporary, file);
}

/** The text of a file, or `undefined` if there is none. */
export async function readIfExists(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** The text of a file that `up` wrote; an error that says to run `up` if there is none. */
export async function readState(file: string): Promise<string> {
  const text = await readIfExists(file);
  if (text === undefined) {
    throw new Error(
      `${file} is missing: this sandbox was never up. Start it with \`npm run sandbox -- up\`.`,
    );
  }
  return text;
}

/** The names in a folder; none if the folder does not exist. */
export async function entriesOf(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** Makes a folder that only its owner may enter (0700). */
export async function privateFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && (error as NodeJS.ErrnoException).code === "ENOENT";
}
