import { type VaultClient, VaultError } from "../../clients/vault.ts";
import type { LiveObject } from "../../components/external-secrets/judgement.ts";
import type { ReadinessApi } from "../../components/external-secrets/readiness-api.ts";
import { type Behind, behind } from "../../freshness/behind.ts";
import type { DeclaredSync, FollowedPath } from "../../freshness/declared.ts";
import { neverWritten, type SecretState, secretState } from "../../freshness/kv-metadata.ts";
import { judgeSync, type SyncJudgement } from "../../freshness/sync.ts";
import { attempt } from "../../preflight/cluster-reader.ts";
import { inParallel } from "../in-parallel.ts";

/** How many requests run at a time. */
export const AT_ONCE = 8;

/** `<mount>/<path>` -> its metadata; a text says why it cannot be read. */
export type States = ReadonlyMap<string, SecretState | string>;

/** How an ExternalSecret stands. */
export interface Judged {
  readonly sync: DeclaredSync;
  readonly judgement: SyncJudgement;
  /** Absent where nothing is to be done, or nothing is known. */
  readonly because?: Behind;
  /** Why it is not known whether something is to be done. */
  readonly unknown?: string;
}

/** What Vault has of everything that is read. */
export async function statesOf(vault: VaultClient, syncs: readonly DeclaredSync[]): Promise<States> {
  const paths = new Map(
    syncs.flatMap(({ paths: read }) => read.map((path) => [pathOf(path), path] as const)),
  );
  const entries = await inParallel([...paths.values()], AT_ONCE, async (path) => {
    return [pathOf(path), await stateOf(vault, path)] as const;
  });
  return new Map(entries);
}

/** How each stands in the cluster now, held against what Vault had. */
export async function judgeAll(
  api: ReadinessApi,
  syncs: readonly DeclaredSync[],
  states: States,
): Promise<readonly Judged[]> {
  const live = await liveByName(api, syncs);
  const now = new Date();
  return syncs.map((sync) => judgeOne(sync, live.get(nameOf(sync)), states, now));
}

function judgeOne(sync: DeclaredSync, live: LiveObject | undefined, states: States, now: Date): Judged {
  const metadata = (path: FollowedPath) => {
    const state = states.get(pathOf(path));
    return typeof state === "string" ? undefined : state;
  };
  const judgement = judgeSync(sync, live, metadata, now);
  if (live === undefined) return { sync, judgement, unknown: "there is no such ExternalSecret" };
  const because = behind(sync, judgement, now);
  if (because !== undefined) return { sync, judgement, because };
  const unknown = sync.paths.map((path) => states.get(pathOf(path))).find((one) => typeof one === "string");
  return unknown === undefined ? { sync, judgement } : { sync, judgement, unknown };
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

export function nameOf({ namespace, externalSecret }: DeclaredSync): string {
  return `${namespace}/${externalSecret}`;
}

function pathOf({ mount, path }: FollowedPath): string {
  return `${mount}/${path}`;
}
