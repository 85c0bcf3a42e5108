import type { NamespaceSettings } from "../../../config/schema.ts";
import { durationText } from "../../../config/values.ts";
import { staleAfterSeconds, usualLagSeconds } from "../../../freshness/sync.ts";
import { type Exported, maxBy, offset, range, series } from "./promql.ts";
import type { Alert } from "./rule.ts";
import { patienceSeconds, type RefreshedAlike, shortestSeconds } from "./secrets.ts";

/** What brings the series: ESO itself always, the exporter where it is declared. */
export interface SyncSources {
  readonly exported: Exported;
  /** Seconds between two looks of the exporter; absent where there is none. */
  readonly exporterSeconds?: number;
}

const BY_SECRET = ["namespace", "external_secret"];
const BY_STORE = ["namespace", "store"];

/** The alerts of one namespace's ExternalSecrets and stores. */
export function syncAlerts(
  namespace: NamespaceSettings,
  groups: readonly RefreshedAlike[],
  sources: SyncSources,
): readonly Alert[] {
  const { exporterSeconds } = sources;
  return [
    ...groups.map((group) => failing(group, sources)),
    ...groups.map((group) => stale(group, sources)),
    ...(exporterSeconds === undefined
      ? []
      : groups.map((group) => lagging(group, sources, 2 * exporterSeconds))),
    ...(namespace.stores.length === 0 ? [] : [storeNotReady(namespace, groups, sources)]),
  ];
}

function failing(group: RefreshedAlike, sources: SyncSources): Alert {
  const byExporter = `${ofExporter(sources, "sync_ready", group)} == 0`;
  return {
    alert: "SecretSyncFailing",
    labels: refreshedEvery(group),
    expr: either(`${conditionFalse(group)} == 1`, byExporter, sources),
    forSeconds: patienceSeconds(group.refreshSeconds),
    severity: "warning",
    summary: "ESO cannot sync {{ $labels.namespace }}/{{ $labels.external_secret }} from Vault.",
    impact: "Pods keep the value that they have; a change in Vault does not reach them.",
  };
}

/** A condition that was false for a day is looked back on no further: Prometheus keeps days, and reads each sample. */
const LONGEST_LOOK_SECONDS = 86_400;

/** By age, which the exporter knows; and by ESO's own condition, which has to have been false for as long. */
function stale(group: RefreshedAlike, sources: SyncSources): Alert {
  const limit = staleAfterSeconds(group.refreshSeconds);
  const age = `time() - ${ofExporter(sources, "sync_last_success_timestamp_seconds", group)} > ${limit}`;
  const judged = `${ofExporter(sources, "sync_stale", group)} == 1`;
  return {
    alert: "SecretSyncStale",
    labels: refreshedEvery(group),
    expr: either(
      conditionFalseFor(group, Math.min(limit, LONGEST_LOOK_SECONDS)),
      `${age} or ${judged}`,
      sources,
    ),
    forSeconds: sources.exporterSeconds ?? 60,
    severity: "critical",
    summary:
      "{{ $labels.namespace }}/{{ $labels.external_secret }} was last synced longer ago than " +
      `${durationText(limit * 1_000)}, twice its refresh interval with 90s for ESO's retries.`,
    impact:
      "Pods may hold a value that Vault has replaced or revoked; one that starts anew gets the old value.",
  };
}

function lagging(group: RefreshedAlike, sources: SyncSources, forSeconds: number): Alert {
  const limit = usualLagSeconds(group.refreshSeconds);
  return {
    alert: "SecretSyncLagging",
    labels: refreshedEvery(group),
    expr: `${ofExporter(sources, "sync_lag_seconds", group)} > ${limit}`,
    forSeconds,
    severity: "warning",
    summary:
      "The cluster holds an older version of {{ $labels.namespace }}/{{ $labels.external_secret }} than Vault, for longer than " +
      `${durationText(limit * 1_000)}.`,
    impact: "Pods use a value that was replaced: it works only as long as its issuer still accepts it.",
  };
}

/** ESO looks at a store every five minutes, and at once when it fails to log in for a secret. */
function storeNotReady(
  { name, stores }: NamespaceSettings,
  groups: readonly RefreshedAlike[],
  sources: SyncSources,
): Alert {
  const names = stores.map((store) => store.name).toSorted();
  const condition = { condition: "Ready", status: "False" };
  const ofEso = renamed(
    series("secretstore_status_condition", { namespace: name, name: names, ...condition }),
    "store",
  );
  const exported = sources.exported("store_ready", { namespace: name, store: names });
  return {
    alert: "SecretStoreNotReady",
    expr: either(`${maxBy(BY_STORE, ofEso)} == 1`, `${maxBy(BY_STORE, exported)} == 0`, sources),
    forSeconds: patienceSeconds(shortestSeconds(groups) ?? 0),
    severity: "critical",
    summary: "The store {{ $labels.namespace }}/{{ $labels.store }} cannot log in to Vault.",
    impact:
      "No secret of the namespace is refreshed; pods keep what they have, and new secrets do not appear.",
  };
}

/** Tells apart the rules of one alert, and the person how patient it was. */
function refreshedEvery({ refreshSeconds }: RefreshedAlike) {
  return { refresh_interval: durationText(refreshSeconds * 1_000) };
}

/** 1 while ESO says that an ExternalSecret is not Ready, in each pod of ESO that has said something of it. */
function condition({ namespace, names }: RefreshedAlike): string {
  return series("externalsecret_status_condition", {
    ...{ namespace, name: names },
    ...{ condition: "Ready", status: "False" },
  });
}

function conditionFalse(group: RefreshedAlike): string {
  return maxBy(BY_SECRET, renamed(condition(group), "external_secret"));
}

/** False then, now, and in every sample between. */
function conditionFalseFor(group: RefreshedAlike, seconds: number): string {
  const all = renamed(`min_over_time(${condition(group)}${range(seconds)})`, "external_secret");
  const then = renamed(`${condition(group)} ${offset(seconds)}`, "external_secret");
  return `min by (${BY_SECRET.join(", ")}) (${all}) == 1 and ${maxBy(BY_SECRET, then)} == 1`;
}

function ofExporter({ exported }: SyncSources, metric: string, { namespace, names }: RefreshedAlike): string {
  return maxBy(BY_SECRET, exported(metric, { namespace, external_secret: names }));
}

/** ESO labels its series with `name`; of the two sources' series for one object only one may alert. */
function renamed(vector: string, label: string): string {
  return `label_replace(${vector}, "${label}", "$1", "name", "(.*)")`;
}

function either(ofEso: string, ofTheExporter: string, { exporterSeconds }: SyncSources): string {
  return exporterSeconds === undefined ? ofEso : `${ofEso} or ${ofTheExporter}`;
}
