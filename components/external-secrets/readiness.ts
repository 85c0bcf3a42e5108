import { setTimeout } from "node:timers/promises";
import * as pulumi from "@pulumi/pulumi";
import type { NamespaceSettings, Settings } from "../../config/schema.ts";
import { durationMs } from "../../config/values.ts";
import { engineRequests, externalSecretManifests, vaultPaths } from "./external-secret.ts";
import { judge, judgeStore, type LiveObject, type Verdict } from "./judgement.ts";
import { type AwaitedKind, type ReadinessApi, readinessApi } from "./readiness-api.ts";
import { type Unready, unreadyReport } from "./readiness-report.ts";

export interface ReadinessOptions {
  /** @default the cluster of `kubernetes.context` */
  readonly api?: ReadinessApi;
  /** Time between two looks at a namespace. @default 1000 */
  readonly pollMs?: number;
  /** Least time between two nudges of an object. @default 5000 */
  readonly nudgeMs?: number;
}

type Limits = Required<Omit<ReadinessOptions, "api">> & { readonly timeoutMs: number };

/** Something declared, and how to tell from the live object whether it has come true. */
interface Awaited {
  readonly kind: AwaitedKind;
  readonly name: string;
  readonly paths: readonly string[];
  /** What it asks Vault's engines for. */
  readonly requests: readonly string[];
  readonly judge: (live: LiveObject | undefined) => Verdict;
}

type Waiting = Awaited & { readonly state: "pending" | "failing"; readonly reason: string };

/**
 * Waits until every declared store and ExternalSecret is Ready as rendered, each namespace from when its stores were
 * created and for `readiness.timeout`. Nothing is waited for in a preview. Unlike the provider's own wait this sees
 * that an edit of a Ready ExternalSecret has failed, and it holds on every engine.
 * @param storeIds namespace -> id of its SecretStores (`NamespaceSecrets.storeId`)
 * @throws RunError in mode `require`, with everything that is not ready; in mode `report` that is a warning
 */
export async function awaitReadiness(
  settings: Settings,
  storeIds: Readonly<Record<string, pulumi.Output<string>>>,
  options: ReadinessOptions = {},
): Promise<void> {
  if (pulumi.runtime.isDryRun() || settings.namespaces.length === 0) return;
  const { mode, timeout } = settings.externalSecrets.readiness;
  const api = options.api ?? readinessApi(settings.kubernetes.context, settings.environment);
  const limits = {
    timeoutMs: durationMs(timeout),
    pollMs: options.pollMs ?? 1_000,
    nudgeMs: options.nudgeMs ?? 5_000,
  };
  const unready = await Promise.all(
    settings.namespaces.map(async (namespace) => {
      await created(storeIds[namespace.name]);
      return settle(namespace.name, awaitedOf(settings, namespace), api, limits);
    }),
  );
  const report = unreadyReport(unready.flat(), timeout, pulumi.getStack());
  if (report === undefined) return;
  if (mode === "require") throw new pulumi.RunError(report);
  await pulumi.log.warn(report);
}

/** Resolves when the engine has made the resource; never when it failed, and then the engine ends the program. */
async function created(id: pulumi.Output<string> | undefined): Promise<void> {
  if (id === undefined) return;
  await new Promise<void>((resolve) => {
    id.apply(() => resolve());
  });
}

function awaitedOf(settings: Settings, namespace: NamespaceSettings): readonly Awaited[] {
  const requests = engineRequests(namespace);
  return [
    ...namespace.stores.map(({ name }) => ({
      kind: "SecretStore" as const,
      name,
      paths: [],
      requests: [],
      judge: judgeStore,
    })),
    ...externalSecretManifests(settings, namespace).map((manifest) => ({
      kind: "ExternalSecret" as const,
      name: manifest.metadata.name,
      paths: vaultPaths(manifest),
      requests: requests.get(manifest.metadata.name) ?? [],
      judge: (live: LiveObject | undefined) => judge(live, manifest),
    })),
  ];
}

/** Looks at one namespace until all of it is ready or the time is up; gives what is not. */
async function settle(
  namespace: string,
  awaited: readonly Awaited[],
  api: ReadinessApi,
  { timeoutMs, pollMs, nudgeMs }: Limits,
): Promise<readonly Unready[]> {
  const deadline = performance.now() + timeoutMs;
  let nextNudge = 0;
  let told = "";
  for (;;) {
    const waiting = await look(namespace, awaited, api);
    if (waiting.length === 0) return [];
    if (performance.now() >= deadline) return explain(namespace, waiting, api);
    told = await tell(
      `Waiting in namespace ${namespace} for ${waiting.map(({ name }) => name).join(", ")}`,
      told,
    );
    if (performance.now() >= nextNudge && (await nudge(namespace, waiting, api))) {
      nextNudge = performance.now() + nudgeMs;
    }
    await setTimeout(pollMs);
  }
}

/** Shows a line that the next one replaces, when there is news; gives what was shown last. */
async function tell(line: string, told: string): Promise<string> {
  if (line !== told) await pulumi.log.info(line, undefined, undefined, true);
  return line;
}

async function look(
  namespace: string,
  awaited: readonly Awaited[],
  api: ReadinessApi,
): Promise<readonly Waiting[]> {
  try {
    const [stores, secrets] = await Promise.all([
      api.list("SecretStore", namespace),
      api.list("ExternalSecret", namespace),
    ]);
    const live = { SecretStore: byName(stores), ExternalSecret: byName(secrets) };
    return awaited.flatMap((one) => {
      const verdict = one.judge(live[one.kind].get(one.name));
      return verdict.state === "ready" ? [] : [{ ...one, ...verdict }];
    });
  } catch (error) {
    // The API server may be restarting; what it said stands in the report if it never comes back.
    const reason = `it could not be read: ${error instanceof Error ? error.message : String(error)}`;
    return awaited.map((one) => ({ ...one, state: "pending", reason }));
  }
}

function byName(objects: readonly LiveObject[]): ReadonlyMap<string, LiveObject> {
  return new Map(objects.map((object) => [object.metadata.name, object]));
}

/** Nudges what ESO has tried in vain; says whether there was any. A nudge that fails is no more than time lost. */
async function nudge(namespace: string, waiting: readonly Waiting[], api: ReadinessApi): Promise<boolean> {
  const failing = waiting.filter(({ state }) => state === "failing");
  await Promise.allSettled(failing.map(({ kind, name }) => api.nudge(kind, namespace, name)));
  return failing.length > 0;
}

async function explain(
  namespace: string,
  waiting: readonly Waiting[],
  api: ReadinessApi,
): Promise<readonly Unready[]> {
  const warnings = await api.warnings(namespace).catch(() => new Map<string, string>());
  return waiting.map(({ kind, name, paths, requests, state, reason }) => {
    const cause = state === "failing" ? warnings.get(`${kind}/${name}`) : undefined;
    return { namespace, kind, name, paths, requests, reason, ...(cause === undefined ? {} : { cause }) };
  });
}
