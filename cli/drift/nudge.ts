import { setTimeout as pause } from "node:timers/promises";
import type { VaultClient } from "../../clients/vault.ts";
import type { ReadinessApi } from "../../components/external-secrets/readiness-api.ts";
import type { Settings } from "../../config/schema.ts";
import type { Behind } from "../../freshness/behind.ts";
import { declaredSyncs } from "../../freshness/declared.ts";
import { attempt } from "../../preflight/cluster-reader.ts";
import { inParallel } from "../in-parallel.ts";
import { AT_ONCE, type Judged, judgeAll, nameOf, type States, statesOf } from "./behind.ts";

/** How often to look whether ESO has come, in milliseconds. */
const INTERVAL_MS = 1_000;

export interface NudgeOptions {
  readonly settings: Settings;
  readonly vault: VaultClient;
  readonly api: ReadinessApi;
  /** Only says what would be done. */
  readonly plan: boolean;
  readonly report: (line: string) => void;
  /** How long ESO may bring none of those that it was asked for, in milliseconds. @default 60000 */
  readonly patienceMs?: number;
}

/** An ExternalSecret that is to be refreshed, and what came of it. */
export interface Nudged {
  /** `<namespace>/<name>` */
  readonly externalSecret: string;
  readonly because: Behind;
  /** Since when Vault has had a version that the cluster has not, in seconds; absent where it has none, or none is known. */
  readonly lagSeconds?: number;
  readonly outcome: "planned" | "synced" | "not synced yet" | "refused";
  /** The reason, where it was refused or is not synced; ESO's own words in a plan for what is not ready. */
  readonly why?: string;
}

export interface NudgeReport {
  /** How many ExternalSecrets were judged. */
  readonly judged: number;
  readonly nudged: readonly Nudged[];
  /** Of whom it is not known whether they are to be refreshed. */
  readonly unknown: readonly { readonly externalSecret: string; readonly why: string }[];
}

type Late = Judged & Required<Pick<Judged, "because">>;

/**
 * Makes ESO refresh what is not ready, late, or older than what Vault has, and waits until it has. Compares versions and
 * times alone; reads no value.
 */
export async function nudge(options: NudgeOptions): Promise<NudgeReport> {
  const { settings, vault, api, plan, report } = options;
  const syncs = declaredSyncs(settings);
  report("comparing versions");
  const states = await statesOf(vault, syncs);
  const judged = await judgeAll(api, syncs, states);
  const late = judged.filter(isLate);
  return {
    judged: judged.length,
    nudged: plan
      ? late.map((one) => nudgedOf(one, "planned", one.judgement.reason))
      : await nudgeAll(options, late, states),
    unknown: judged.flatMap(({ sync, unknown }) =>
      unknown === undefined ? [] : [{ externalSecret: nameOf(sync), why: unknown }],
    ),
  };
}

function isLate(one: Judged): one is Late {
  return one.because !== undefined;
}

async function nudgeAll(
  options: NudgeOptions,
  late: readonly Late[],
  states: States,
): Promise<readonly Nudged[]> {
  const refusals = await inParallel(late, AT_ONCE, (one) => ask(options.api, one));
  const asked = late.filter((_, index) => refusals[index] === undefined);
  const left = await untilSynced(options, asked, states);
  return late.map((one, index) => {
    const refused = refusals[index];
    if (refused !== undefined) return nudgedOf(one, "refused", refused);
    const why = left.get(nameOf(one.sync));
    return why === undefined ? nudgedOf(one, "synced") : nudgedOf(one, "not synced yet", why);
  });
}

/** @returns why it cannot be asked for; `undefined` when it is */
async function ask(api: ReadinessApi, { sync }: Late): Promise<string | undefined> {
  const answer = await attempt(async () => {
    await api.nudge("ExternalSecret", sync.namespace, sync.externalSecret);
    return { asked: true };
  });
  return typeof answer === "object" ? undefined : (answer ?? "there is no such ExternalSecret");
}

/**
 * Waits as long as ESO goes on bringing some: after it was down it has many to come to.
 * @returns those that it has not brought, by name, and why
 */
async function untilSynced(
  { api, report, patienceMs = 60_000 }: NudgeOptions,
  asked: readonly Late[],
  states: States,
): Promise<ReadonlyMap<string, string>> {
  let left: readonly Judged[] = asked;
  let deadline = Date.now() + patienceMs;
  while (left.length > 0) {
    const syncs = left.map(({ sync }) => sync);
    left = (await judgeAll(api, syncs, states)).filter((one) => isLate(one) || !one.judgement.ready);
    if (left.length < syncs.length) deadline = Date.now() + patienceMs;
    if (left.length === 0 || Date.now() >= deadline) break;
    report(`waiting for ${left.length} of ${asked.length} ExternalSecret(s)`);
    await pause(INTERVAL_MS);
  }
  return new Map(
    left.map(({ sync, judgement }) => [nameOf(sync), judgement.reason ?? "ESO has not come to it"]),
  );
}

function nudgedOf(
  { sync, because, judgement: { lagSeconds = 0 } }: Late,
  outcome: Nudged["outcome"],
  why?: string,
): Nudged {
  return {
    externalSecret: nameOf(sync),
    because,
    ...(lagSeconds > 0 ? { lagSeconds: Math.round(lagSeconds) } : {}),
    outcome,
    ...(why === undefined ? {} : { why }),
  };
}
