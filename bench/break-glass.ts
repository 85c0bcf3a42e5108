import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { VaultClient, VaultError, withVault } from "../clients/vault.ts";
import { directEngine } from "../sandbox/engine/direct/engine.ts";
import { type RunningSandbox, reset, up } from "../sandbox/sandbox.ts";
import { readState } from "../sandbox/state.ts";
import { type Answer, runCommand, writeDevStack } from "../test/sandbox/command.ts";
import { Cluster } from "../test/sandbox/main-job/cluster.ts";
import {
  declarationWith,
  deploy,
  type Edit,
  type Ground,
  projectFolder,
  putInVault,
  rootVault,
} from "../test/sandbox/main-job/ground.ts";

/** What came of revoking a path that so many namespaces read, each by a login of its own. */
export interface MeasuredSize {
  readonly namespaces: number;
  /** From the start of the command until every reader's next read was refused: each round, and the median. */
  readonly deniedMs: readonly number[];
  readonly medianDeniedMs: number;
  /** Until the command ended, with all done: the median. */
  readonly medianEndedMs: number;
}

export interface BreakGlassMeasurement {
  readonly rounds: number;
  /** What issue 6 promises at the largest size. */
  readonly promiseMs: number;
  readonly sizes: readonly MeasuredSize[];
}

const SIZES = [1, 10, 50] as const;
const ROUNDS = 3;
const PROMISE_MS = 10_000;
/** Between two reads of one reader: fifty of them that read more often are a load of their own, and measured then. */
const PAUSE_MS = 250;

/**
 * Deploys a fleet of namespaces into servers of its own below `root`, which is deleted before, and takes a path away from 1,
 * 10 and 50 of them, as an operator does, while each reads it all the time. The sandbox is left running.
 */
export async function measureBreakGlass(
  root: string,
  report: (line: string) => void,
): Promise<BreakGlassMeasurement> {
  await reset({ root });
  const sandbox = await up({ root, report });
  const vault = await rootVault(sandbox);
  const ground: Ground = { engine: directEngine("the bench's own", projectFolder), sandbox, vault };
  const folder = await mkdtemp(join(tmpdir(), "break-glass-bench-"));
  try {
    report(`Deploying ${Math.max(...SIZES)} namespaces`);
    const edit = fleet();
    await deploy(ground, edit).catch(() => {}); // the values can be put once the mount is there
    for (const size of SIZES) await putInVault(ground, pathOf(size), { value: "bench" });
    await deploy(ground, edit);
    await writeDevStack(folder, await declarationWith(sandbox, edit));
    const sizes: MeasuredSize[] = [];
    for (const size of SIZES) {
      report(`Revoking a path of ${size} namespace(s), ${ROUNDS} times`);
      sizes.push(await measureSize(ground, folder, size));
    }
    return { rounds: ROUNDS, promiseMs: PROMISE_MS, sizes };
  } finally {
    await vault.close();
    await rm(folder, { recursive: true });
  }
}

async function measureSize(ground: Ground, folder: string, size: number): Promise<MeasuredSize> {
  const rounds: { readonly deniedMs: number; readonly endedMs: number }[] = [];
  for (let round = 0; round < ROUNDS; round += 1) rounds.push(await oneRound(ground, folder, size));
  const deniedMs = rounds.map((one) => one.deniedMs);
  return {
    namespaces: size,
    deniedMs,
    medianDeniedMs: median(deniedMs),
    medianEndedMs: median(rounds.map(({ endedMs }) => endedMs)),
  };
}

/** One revocation of a path that all its readers read when it begins, and its restore. */
async function oneRound(ground: Ground, folder: string, size: number) {
  const { sandbox } = ground;
  const path = pathOf(size);
  const readers = await Promise.all(Array.from({ length: size }, (_, number) => login(sandbox, number)));
  const since = performance.now();
  const refused = Promise.all(readers.map((reader) => untilRefused(reader, path)));
  const revoked = command(sandbox, folder, "breakGlass", ["revoke", path, "--yes-i-mean", path, "--json"]);
  const deniedMs = refused.then(() => Math.round(performance.now() - since));
  const { code, stdout, stderr } = await revoked;
  const endedMs = Math.round(performance.now() - since);
  if (code !== 0) throw new Error(`break-glass ended with ${code}: ${stderr}${stdout}`);
  const round = { deniedMs: await deniedMs, endedMs };
  await Promise.all(readers.map((reader) => reader.close()));
  await putInVault(ground, path, { value: "bench" });
  const { id } = JSON.parse(stdout) as { readonly id: string };
  const restored = await command(sandbox, folder, "breakGlassRestore", ["restore", id]);
  if (restored.code !== 0) throw new Error(`the restore ended with ${restored.code}: ${restored.stderr}`);
  return round;
}

async function command(
  { vault, kubernetes }: RunningSandbox,
  folder: string,
  as: "breakGlass" | "breakGlassRestore",
  args: readonly string[],
): Promise<Answer> {
  const env = {
    ...{ PATH: process.env.PATH ?? "", HOME: folder, VAULT_ADDR: vault.address, VAULT_CACERT: vault.caFile },
    VAULT_TOKEN: await readState(vault.tokens[as]),
    KUBECONFIG: kubernetes.kubeconfigs[as],
  };
  return runCommand("cli/break-glass/main.ts", args, { cwd: folder, env });
}

/** @throws Error when the first read is refused already: then nothing was measured */
async function untilRefused(reader: VaultClient, path: string): Promise<void> {
  for (let reads = 0; ; reads += 1) {
    try {
      await reader.request("GET", `kv/data/${path}`);
    } catch (error) {
      if (!(error instanceof VaultError) || error.status !== 403) throw error;
      if (reads === 0) throw new Error(`${path} could not be read before it was revoked`);
      return;
    }
    await setTimeout(PAUSE_MS);
  }
}

async function login(sandbox: RunningSandbox, number: number): Promise<VaultClient> {
  const { address, caPem } = sandbox.vault;
  const namespace = namespaceOf(number);
  const jwt = await new Cluster(sandbox).token({ namespace, name: "vault-store" }, [
    "vault",
    sandbox.kubernetes.apiAudience,
  ]);
  const { auth } = await withVault({ address, caPem }, (nobody) =>
    nobody.write("auth/kubernetes/login", { role: `voyager-platform-${namespace}`, jwt }),
  );
  return new VaultClient({ address, caPem, token: String(auth?.client_token) });
}

/** So many namespaces, of which the first reads every path, the first ten all but one, and each the last. */
function fleet(): Edit {
  const namespaces = Array.from({ length: Math.max(...SIZES) }, (_, number) => {
    const read = SIZES.filter((size) => number < size);
    const secrets = read.map((size) => [`of-${size}`, { data: { value: `${pathOf(size)}#value` } }]);
    return [namespaceOf(number), { services: { app: { secrets: Object.fromEntries(secrets) } } }];
  });
  return {
    externalSecrets: { readiness: { mode: "report", timeout: "1s" } },
    namespaces: { llm: undefined, user: undefined, ...Object.fromEntries(namespaces) },
  };
}

function namespaceOf(number: number): string {
  return `fleet-${number}`;
}

function pathOf(size: number): string {
  return `bench/read-by-${size}`;
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
}
