import { readFile } from "node:fs/promises";
import { Log } from "../shared/log.ts";
import { clusterConnection } from "../shared/pod.ts";
import { readSpec } from "../shared/spec-file.ts";
import { exitCodes, OvertakenError, RotationError } from "./errors.ts";
import { RotationCluster } from "./kubernetes.ts";
import { Lineage } from "./lineage.ts";
import { Narrator } from "./narrator.ts";
import { chooseProvider } from "./providers/choose.ts";
import { outcomeOf } from "./report.ts";
import { type Command, onlyFinishes, run, runName } from "./rotation.ts";
import { limitsOf, type RotationSpec, rotationSpec } from "./spec.ts";
import { RotationVault } from "./vault.ts";

/**
 * The rotation job. Beside its two arguments it takes from the environment: KUBERNETES_SERVICE_HOST and _PORT, as every pod
 * has them; ROTATION_JOB, the name of the Kubernetes Job, whose retries are one rotation (@default every run is its own);
 * SERVICE_ACCOUNT_DIR (@default where pods have it); VAULT_CACERT, instead of the specification's `vault.caFile`.
 * It ends with one of {@link exitCodes}.
 */

const USAGE = "usage: node rotator.mjs rotate|finish <spec.json>";

async function main(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const [command, file] = args;
  if ((command !== "rotate" && command !== "finish") || file === undefined || args.length > 2) {
    console.error(USAGE);
    return exitCodes.usage;
  }
  const spec = await readSpec(file, rotationSpec);
  if (spec === undefined) return exitCodes.usage;
  const log = new Log({ environment: spec.environment, key: spec.key, command });
  const cluster = await connectCluster(spec, env, log);
  const narrator = new Narrator(spec, cluster, log);
  try {
    await rotate(command, { spec, env, log, cluster, narrator });
    return exitCodes.done;
  } catch (error) {
    return await ending(error, log, narrator);
  }
}

interface Parts {
  readonly spec: RotationSpec;
  readonly env: NodeJS.ProcessEnv;
  readonly log: Log;
  readonly cluster: RotationCluster;
  readonly narrator: Narrator;
}

async function rotate(command: Command, parts: Parts): Promise<void> {
  const { spec, env, log, cluster } = parts;
  const limits = limitsOf(spec);
  const caFile = env.VAULT_CACERT ?? spec.vault.caFile;
  const caPem = caFile === undefined ? undefined : await readFile(caFile, "utf8");
  const vault = new RotationVault(spec.vault, limits, caPem);
  const jwt = log.secrets.add(await cluster.ownToken(spec.account, spec.vault.audiences));
  log.secrets.add(await vault.login(spec.vault, jwt));
  try {
    await insisting(command, log, async () => {
      const lineage = await Lineage.open(vault, spec.state);
      await reporting(command, lineage, parts, async () => {
        const provider = chooseProvider(spec, log.secrets.add(await adminKey(spec, vault)));
        const job = command === "rotate" && env.ROTATION_JOB ? env.ROTATION_JOB : undefined;
        await run(command, { ...parts, limits, vault, lineage, provider, job, run: runName(command) });
      });
    });
  } finally {
    await vault.logout();
  }
}

/** A rotation is not lost to a run that begins none: it starts over, and takes from that run what is left to do. */
async function insisting(command: Command, log: Log, attempt: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (command !== "rotate" || !(error instanceof OvertakenError) || !onlyFinishes(error.by)) throw error;
      log.step("starts-over", { note: `${error.message}, which begins none` });
    }
  }
}

/** A run that was overtaken says nothing: the other one does. */
async function reporting(
  command: Command,
  lineage: Lineage,
  { log, narrator }: Parts,
  work: () => Promise<void>,
): Promise<void> {
  const report = (failed?: Parameters<typeof outcomeOf>[2]) =>
    lineage
      .report(outcomeOf(command, narrator.now, failed))
      .catch((failed: Error) => log.step("report-failed", { why: failed.message }));
  try {
    await work();
  } catch (error) {
    if (!(error instanceof OvertakenError)) {
      const failure = error instanceof RotationError ? error.failure : "unexpected";
      await report({ failure, text: log.secrets.redact(messageOf(error)) });
    }
    throw error;
  }
  await report();
}

async function adminKey({ admin }: RotationSpec, vault: RotationVault): Promise<string | undefined> {
  if (admin === undefined) return undefined;
  const { data, gone } = await vault.read(admin);
  const value = data?.[admin.property];
  if (typeof value === "string" && value !== "") return value;
  throw new RotationError("provider", {
    field: `admin credential ${admin.mount}/${admin.path}#${admin.property}`,
    found: gone === undefined ? "no such property" : `nothing (${gone})`,
    allowed: "a credential that may create, list and revoke keys",
    fix: "make one at the provider and put it there",
  });
}

async function connectCluster(
  spec: RotationSpec,
  env: NodeJS.ProcessEnv,
  log: Log,
): Promise<RotationCluster> {
  const connection = await clusterConnection(env);
  log.secrets.add(connection.token);
  return new RotationCluster(connection, limitsOf(spec));
}

async function ending(error: unknown, log: Log, narrator: Narrator): Promise<number> {
  if (error instanceof OvertakenError) {
    log.step("overtaken", { note: error.message });
    return exitCodes.done;
  }
  if (error instanceof RotationError) {
    const { failure, field, found, allowed, fix } = error;
    log.step("failed", { failure, field, found, allowed, fix });
    await narrator.tell(failure === "waiting" ? "RotationWaiting" : "RotationFailed", error.message);
    return exitCodes[failure];
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  console.error(log.secrets.redact(text));
  await narrator.tell("RotationFailed", messageOf(error));
  return exitCodes.unexpected;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

process.exitCode = await main(process.argv.slice(2), process.env).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  return exitCodes.unexpected;
});
