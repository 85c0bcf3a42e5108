import { setTimeout as pause } from "node:timers/promises";
import { type VaultClient, VaultError } from "../../clients/vault.ts";
import type { LiveObject } from "../../components/external-secrets/judgement.ts";
import type { ReadinessApi } from "../../components/external-secrets/readiness-api.ts";
import type { Settings } from "../../config/schema.ts";
import { type DeclaredSync, declaredSyncs, type FollowedPath } from "../../freshness/declared.ts";
import { neverWritten, type SecretState, secretState } from "../../freshness/kv-metadata.ts";
import { judgeSync, type SyncJudgement } from "../../freshness/sync.ts";
import { attempt } from "../../preflight/cluster-reader.ts";
import { inParallel } from "../in-parallel.ts";

/** How long ESO may take for a refresh that was asked for, and how often to look, in milliseconds. */
const SYNCED_WITHIN_MS = 60_000;
const INTERVAL_MS = 1_000;
const AT_ONCE = 8;

export interface NudgeOptions {
  readonly settings: Settings;
  readonly vault: VaultClient;
  readonly api: ReadinessApi;
  /** Only says what would be done. */
  readonly plan: boolean;
  readonly report: (line: string) => void;
}

/** An ExternalSecret that lags, and what came of it. */
export interface Nudged {
  /** `<namespace>/<name>` */
  readonly externalSecret: string;
  /** Since when Vault has had a version that the cluster has not, in seconds; absent where the last sync is just too old. */
  readonly lagSeconds?: number;
  readonly outcome: "planned" | "synced" | "not synced yet" | "refused";
  /** The reason, where it was refused or is not synced. */
  readonly why?: string;
}

export interface NudgeReport {
  /** How many ExternalSecrets were judged. */
  readonly judged: number;
  readonly nudged: readonly Nudged[];
  /** Of whom it is not known whether they lag. */
  readonly unknown: readonly { readonly externalSecret: string; readonly why: string }[];
}

interface Judged {
  readonly sync: DeclaredSync;
  readonly judgement: SyncJudgement;
  readonly why?: string;
}

/**
 * Makes ESO refresh what the cluster holds in an older version than Vault, and waits until it has. Compares versions and
 * times alone; reads no value.
 */
export async function nudge(options: NudgeOptions): Promise<NudgeReport> {
  const { settings, plan, report } = options;
  const syncs = declaredSyncs(settings);
  report("comparing versions");
  const judged = await judgeAll(options, syncs);
  const lagging = judged.filter(isBehind);
  const nudged = plan
    ? lagging.map(({ sync, judgement }) => nudgedOf(sync, judgement, "planned"))
    : await nudgeAll(options, lagging);
  return {
    judged: judged.length,
    nudged,
    unknown: judged.flatMap(({ sync, why }) =>
      why === undefined ? [] : [{ externalSecret: nameOf(sync), why }],
    ),
  };
}

function isBehind({ judgement }: Judged): boolean {
  return (judgement.lagSeconds ?? 0) > 0 || (judgement.stale && judgement.lagSeconds === undefined);
}

async function judgeAll(
  { vault, api }: Pick<NudgeOptions, "vault" | "api">,
  syncs: readonly DeclaredSync[],
): Promise<readonly Judged[]> {
  const live = await liveByName(api, syncs);
  const states = await statesOf(vault, syncs);
  const now = new Date();
  return syncs.map((sync) => {
    const object = live.get(nameOf(sync));
    const refused = sync.paths.map((path) => states.get(pathOf(path))).find((one) => typeof one === "string");
    const why = object === undefined ? "there is no such ExternalSecret" : refused;
    const metadata = (path: FollowedPath) => {
      const state = states.get(pathOf(path));
      return typeof state === "string" ? undefined : state;
    };
    return {
      sync,
      judgement: judgeSync(sync, object, metadata, now),
      ...(typeof why === "string" ? { why } : {}),
    };
  });
}

async function liveByName(
  api: ReadinessApi,
  syncs: readonly DeclaredSync[],
): Promise<ReadonlyMap<string, LiveObject>> {
  const namespaces = [...new Set(syncs.map(({ namespace }) => namespace))];
  const lists = await inParallel(namespaces, AT_ONCE, async (namespace) => {
    const found = await attempt(() => api.list("ExternalSecret", namespace));
    if (typeof found === "string") throw new Error(`ExternalSecrets of namespace ${namespace}: ${found}`);
    return (found ?? []).map((object) => [`${namespace}/${object.metadata.name}`, object] as const);
  });
  return new Map(lists.flat());
}

/** `<mount>/<path>` -> its metadata; a text says why it cannot be read. */
async function statesOf(
  vault: VaultClient,
  syncs: readonly DeclaredSync[],
): Promise<ReadonlyMap<string, SecretState | string>> {
  const paths = new Map(
    syncs.flatMap(({ paths: read }) => read.map((path) => [pathOf(path), path] as const)),
  );
  const entries = await inParallel([...paths.values()], AT_ONCE, async (path) => {
    return [pathOf(path), await stateOf(vault, path)] as const;
  });
  return new Map(entries);
}

async function stateOf(vault: VaultClient, { mount, path }: FollowedPath): Promise<SecretState | string> {
  try {
    const data = await vault.read(`${mount}/metadata/${path}`);
    return data === undefined ? neverWritten({ mounted: true }) : secretState(data, new Date());
  } catch (error) {
    if (error instanceof VaultError && error.status === 403) {
      return `the token may not read ${mount}/metadata/${path}: a secret-admin's and an auditor's may`;
    }
    throw error;
  }
}

async function nudgeAll(options: NudgeOptions, lagging: readonly Judged[]): Promise<readonly Nudged[]> {
  return inParallel(lagging, AT_ONCE, async ({ sync, judgement }) => {
    const { namespace, externalSecret } = sync;
    const refused = await attempt(async () => {
      await options.api.nudge("ExternalSecret", namespace, externalSecret);
      return { asked: true };
    });
    if (typeof refused !== "object") {
      return nudgedOf(sync, judgement, "refused", refused ?? "there is no such ExternalSecret");
    }
    return untilSynced(options, sync, judgement);
  });
}

async function untilSynced(
  options: NudgeOptions,
  sync: DeclaredSync,
  before: SyncJudgement,
): Promise<Nudged> {
  const deadline = Date.now() + SYNCED_WITHIN_MS;
  for (;;) {
    const [now] = await judgeAll(options, [sync]);
    if (now !== undefined && !isBehind(now) && now.judgement.ready) return nudgedOf(sync, before, "synced");
    if (Date.now() >= deadline) {
      return nudgedOf(sync, before, "not synced yet", now?.judgement.reason ?? "ESO has not come to it");
    }
    options.report(`waiting for ${nameOf(sync)}`);
    await pause(INTERVAL_MS);
  }
}

function nudgedOf(
  sync: DeclaredSync,
  { lagSeconds }: SyncJudgement,
  outcome: Nudged["outcome"],
  why?: string,
): Nudged {
  return {
    externalSecret: nameOf(sync),
    ...(lagSeconds === undefined ? {} : { lagSeconds: Math.round(lagSeconds) }),
    outcome,
    ...(why === undefined ? {} : { why }),
  };
}

function nameOf({ namespace, externalSecret }: DeclaredSync): string {
  return `${namespace}/${externalSecret}`;
}

function pathOf({ mount, path }: FollowedPath): string {
  return `${mount}/${path}`;
}
