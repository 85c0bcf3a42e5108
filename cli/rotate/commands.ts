import type { Row } from "../../audit/entry/access.ts";
import type { VaultClient } from "../../clients/vault.ts";
import type { RotationKey, RotationSettings } from "../../config/rotation-settings.ts";
import type { Settings } from "../../config/schema.ts";
import { answer } from "../audit/answer.ts";
import { openLogs } from "../audit/log/input.ts";
import type { LogReport } from "../audit/log/source.ts";
import { skippedText } from "../audit/output/text.ts";
import { rotationsQuery } from "../audit/query/rotations.ts";
import { withStackVault } from "../connection.ts";
import { inParallel } from "../in-parallel.ts";
import { kubeConfigFor } from "../kube-config.ts";
import { findDeclared } from "../secrets/declared.ts";
import { valuesToPut } from "../secrets/input.ts";
import { stackSettings } from "../stack.ts";
import { RotationCluster } from "./cluster.ts";
import { rotateCommand } from "./command-line.ts";
import { historyOf, historyText, type LoggedWrite, writesOf } from "./history.ts";
import { findKey, rotationOf } from "./keys.ts";
import { follow, outcome, refusal } from "./now.ts";
import { putKey, refusePut, replacedText } from "./put.ts";
import { readSlots } from "./slots.ts";
import { needsAttention, statusOf } from "./status.ts";
import { statusText, timeText } from "./text.ts";

/** Exit code of `status` when a key is overdue or its last run failed; 1 is kept for errors. */
export const NEEDS_ATTENTION = 2;

/** Quick for a hundred keys, and no burst on Vault. */
const AT_ONCE = 8;

export interface StatusOptions {
  readonly stack: string;
  readonly context?: string;
  readonly json?: true;
}

/** @returns the exit code: 0, or {@link NEEDS_ATTENTION} */
export async function status(only: string | undefined, options: StatusOptions): Promise<number> {
  return withRotation(options.stack, async ({ client, settings, rotation }) => {
    const keys = only === undefined ? rotation.keys : [findKey(rotation, only)];
    const [jobs, slots] = await Promise.all([
      jobFacts(settings, rotation, options.context),
      inParallel(keys, AT_ONCE, (key) => readSlots(client, key)),
    ]);
    const seen = typeof jobs === "string" ? undefined : jobs;
    const now = new Date();
    const rows = keys.flatMap((key, index) => {
      const found = slots[index];
      return found === undefined ? [] : [statusOf(key, found, seen, now)];
    });
    const unseen = typeof jobs === "string" ? jobs : undefined;
    const document = { keys: rows, ...(unseen === undefined ? {} : { jobsNotSeen: unseen }) };
    console.log(options.json ? JSON.stringify(document, null, 2) : statusText(rows, options.stack, unseen));
    return rows.some(needsAttention) ? NEEDS_ATTENTION : 0;
  });
}

export interface NowOptions {
  readonly stack: string;
  readonly context?: string;
  readonly despiteOverlap?: true;
}

/** @returns the exit code: 0 rotated, 2 no new key, 3 to 8 as the rotator ended, 1 otherwise */
export async function now(name: string | undefined, options: NowOptions): Promise<number> {
  const { stack, despiteOverlap = false } = options;
  return withKey(name, stack, async ({ client, settings, rotation, key }) => {
    const cluster = clusterOf(settings, rotation, options.context);
    const before = await readSlots(client, key);
    const facts = await cluster.facts();
    if (typeof facts === "string") throw unseenJobs(facts, rotation);
    const why = refusal(key, before, facts, { now: new Date(), despiteOverlap, stack });
    if (why !== undefined) throw new Error(why);
    const instance = `${settings.environment}.${key.name}`;
    const steps = await cluster.steps(key, instance);
    if (typeof steps === "string") console.error(`Steps are not shown: events cannot be listed (${steps})`);
    const known = typeof steps === "string" ? [] : steps.map(({ uid }) => uid);
    const job = await cluster.start(key);
    console.log(`Job ${rotation.namespace}/${job} runs; it goes on if this command ends.`);
    const ended = await follow(cluster, key, { job, instance, known }, ({ reason, note }) =>
      console.log(`  ${reason}: ${note}`),
    );
    const { text, code } = outcome(key, ended, before, await readSlots(client, key), stack);
    console.log(text);
    return code;
  });
}

export interface HistoryOptions {
  readonly stack: string;
  readonly vaultLog?: readonly string[];
  readonly json?: true;
}

export async function history(
  name: string | undefined,
  { stack, vaultLog, json }: HistoryOptions,
): Promise<number> {
  return withKey(name, stack, async ({ client, settings, key }) => {
    const writes = vaultLog === undefined ? undefined : await loggedWrites(settings, key, vaultLog);
    const rows = historyOf(key, await readSlots(client, key), writes);
    console.log(json ? JSON.stringify(rows, null, 2) : historyText(rows));
    return 0;
  });
}

export interface PutOptions {
  readonly stack: string;
  readonly id?: string;
}

/** Everything that can be refused is refused before a value is asked for. */
export async function put(named: string | undefined, { stack, id }: PutOptions): Promise<number> {
  return withKey(named, stack, async ({ client, settings, key }) => {
    const { name } = key;
    const { mount, path, property } = key.live;
    const slots = await readSlots(client, key);
    refusePut(key, slots, id, stack);
    const value = (await valuesToPut(findDeclared(settings, path, mount), property))[property] ?? "";
    await putKey(client, key, slots, { value, ...(id === undefined ? {} : { id }) });
    const { nextRun } = statusOf(key, slots, undefined, new Date());
    console.log(
      `The new key of ${name} waits where no consumer reads it. A run tests it and makes it current: ` +
        `${nextRun === null ? "" : `the next is at ${timeText(nextRun)}, `}one at once is ${rotateCommand("now", name, stack)}`,
    );
    const replaced = replacedText(slots);
    if (replaced !== undefined) console.log(replaced);
    return 0;
  });
}

interface Rotations {
  readonly client: VaultClient;
  readonly settings: Settings;
  readonly rotation: RotationSettings;
}

async function withRotation(stack: string, work: (rotations: Rotations) => Promise<number>): Promise<number> {
  const declared = await declaredRotation(stack);
  return withStackVault(declared.settings, (client) => work({ client, ...declared }));
}

/** A name that is wrong is said before Vault is asked. */
async function withKey(
  name: string | undefined,
  stack: string,
  work: (rotations: Rotations & { readonly key: RotationKey }) => Promise<number>,
): Promise<number> {
  const declared = await declaredRotation(stack);
  const key = findKey(declared.rotation, name);
  return withStackVault(declared.settings, (client) => work({ client, ...declared, key }));
}

async function declaredRotation(stack: string): Promise<Omit<Rotations, "client">> {
  const settings = await stackSettings(stack);
  return { settings, rotation: rotationOf(settings, stack) };
}

function clusterOf(settings: Settings, { namespace }: RotationSettings, context: string | undefined) {
  const config = kubeConfigFor(context ?? settings.kubernetes.context, "--context <name>");
  return new RotationCluster(config, namespace);
}

/** What Vault says stands without the cluster's part. */
async function jobFacts(settings: Settings, rotation: RotationSettings, context: string | undefined) {
  try {
    return await clusterOf(settings, rotation, context).facts();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function unseenJobs(why: string, { namespace }: RotationSettings): Error {
  return new Error(
    `The CronJobs and Jobs of ${namespace} cannot be listed: ${why}. Without them nobody knows whether one runs already; ` +
      "docs/rotation.md#who-may-do-what has the rights. Nothing was started.",
  );
}

async function loggedWrites(
  settings: Settings,
  key: RotationKey,
  names: readonly string[],
): Promise<ReadonlyMap<number, LoggedWrite>> {
  const inputs = await openLogs(
    names.map((name) => ({ name, kind: "vault" as const })),
    process.stdin,
  );
  const reports: LogReport[] = [];
  const rows: Row[] = [];
  for await (const row of answer(inputs, rotationsQuery(settings), {}, reports)) rows.push(row);
  for (const line of skippedText(reports)) console.error(line);
  return writesOf(key, rows);
}
