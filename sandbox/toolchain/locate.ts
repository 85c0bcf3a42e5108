import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { delimiter, isAbsolute, join, resolve } from "node:path";
import { promisify } from "node:util";
import { isExecutableFile } from "./files.ts";
import { pinnedVersion, type ServerName, type ServerSource } from "./servers.ts";

const run = promisify(execFile);
const versionTimeoutMs = 10_000;

/** What a folder named by KUBEBUILDER_ASSETS may hold (setup-envtest ships etcd, kube-apiserver and kubectl). */
const kubebuilderServers: readonly ServerName[] = ["etcd", "kube-apiserver", "kube-controller-manager"];

/** A binary that was found and not taken. */
export interface PassedOver {
  readonly server: ServerName;
  readonly path: string;
  readonly reason: string;
}

export interface PathSearch {
  readonly path?: string;
  readonly passedOver: readonly PassedOver[];
}

/** The binary that a server's own variable names, or a sentence that says what is wrong with it. */
export async function fromEnvironment(
  source: ServerSource,
  env: NodeJS.ProcessEnv,
): Promise<{ readonly path?: string; readonly problem?: string }> {
  const value = env[source.environmentVariable];
  if (!value) return {};
  const path = resolve(value);
  if (await isExecutableFile(path)) return { path };
  return {
    problem: `${source.environmentVariable}: expected an executable ${source.name} binary, found none at ${path}. Correct the path, or unset the variable`,
  };
}

/**
 * A server on PATH, or in the folder KUBEBUILDER_ASSETS names.
 *
 * It is taken only when it says it is that server and its major.minor equals the pinned one: the sandbox is
 * tried with exactly these releases (helm 4, an older Vault or a kube-controller-manager newer than its
 * kube-apiserver behave differently), and somebody's PATH should not decide what the tests run on. Anything
 * else is built; the server's own variable takes a binary without this check.
 */
export async function fromPath(
  source: ServerSource,
  env: NodeJS.ProcessEnv,
  moduleDirectory: string,
): Promise<PathSearch> {
  const passedOver: PassedOver[] = [];
  for (const path of await candidates(source.name, env)) {
    const reason = await whyNot(source, path, moduleDirectory, env);
    if (reason === undefined) return { path, passedOver };
    passedOver.push({ server: source.name, path, reason });
  }
  return { passedOver };
}

/** The first executable of that name on PATH. Relative entries are ignored: they depend on where one stands. */
export async function findOnPath(name: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const directories = (env.PATH ?? "").split(delimiter).filter(isAbsolute);
  for (const directory of directories) {
    const path = join(directory, name);
    if (await isExecutableFile(path)) return path;
  }
  return undefined;
}

async function candidates(name: ServerName, env: NodeJS.ProcessEnv): Promise<readonly string[]> {
  const found: string[] = [];
  const onPath = await findOnPath(name, env);
  if (onPath !== undefined) found.push(onPath);
  if (env.KUBEBUILDER_ASSETS && kubebuilderServers.includes(name)) {
    const asset = resolve(env.KUBEBUILDER_ASSETS, name);
    if (await isExecutableFile(asset)) found.push(asset);
  }
  return found;
}

async function whyNot(
  source: ServerSource,
  path: string,
  moduleDirectory: string,
  env: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  const question = source.version;
  if (question === undefined) return `${source.name} cannot be asked for its version`;
  const wanted = pinnedVersion(await readFile(join(moduleDirectory, "go.mod"), "utf8"), source.goModule);
  // Only what a program needs to start: an unknown binary gets none of this shell's tokens.
  const options = { env: { PATH: env.PATH ?? "", HOME: env.HOME ?? "" }, timeout: versionTimeoutMs };
  const answer = await run(path, [...question.arguments], options).catch(() => undefined);
  const found = question.answer.exec(answer?.stdout ?? "")?.[1];
  if (found === undefined)
    return `it does not answer "${question.arguments.join(" ")}" as ${source.name} does`;
  if (/^v?(\d+\.\d+)/.exec(found)?.[1] === `${wanted.major}.${wanted.minor}`) return undefined;
  return `it is ${found}, wanted ${wanted.major}.${wanted.minor}`;
}
