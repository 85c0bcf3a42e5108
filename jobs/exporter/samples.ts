import { judgeStore } from "../../components/external-secrets/judgement.ts";
import { certificateExpiry } from "../../freshness/certificates.ts";
import { judgeRotation, keySince } from "../../freshness/rotation.ts";
import { judgeSync } from "../../freshness/sync.ts";
import { readReport } from "../rotator/report.ts";
import type { MetricName, Sample } from "./metrics.ts";
import { keyOf, type Seen } from "./seen.ts";
import { type ExporterSpec, issuerPath, metadataPath } from "./spec.ts";

type Secret = ExporterSpec["secrets"][number];
type Rotation = ExporterSpec["rotations"][number];

/** Everything that is known at a moment; what was seen some time ago is judged by the clock of now. */
export function samplesOf(spec: ExporterSpec, seen: Seen, now: Date): readonly Sample[] {
  return [
    ...spec.secrets.flatMap((secret) => syncSamples(secret, seen, now)),
    ...spec.stores.flatMap((store) => storeSamples(store, seen)),
    ...spec.rotations.flatMap((rotation) => rotationSamples(rotation, seen, now)),
    ...spec.authorities.flatMap(({ mount, issuer }) =>
      known("ca_expiry_timestamp_seconds", unixSeconds(seen.authorities.get(issuerPath({ mount, issuer }))), {
        mount,
        issuer,
      }),
    ),
    ...vaultSamples(seen),
  ];
}

function syncSamples(secret: Secret, seen: Seen, now: Date): readonly Sample[] {
  const { namespace, externalSecret } = secret;
  if (!seen.namespaces.has(namespace)) return [];
  const live = seen.externalSecrets.get(keyOf({ namespace, name: externalSecret }));
  const judged = judgeSync(secret, live, (path) => seen.metadata.get(metadataPath(path)), now);
  const { ready, stale, lagSeconds, lastSuccess } = judged;
  const labels = { namespace, external_secret: externalSecret };
  const ttl = secret.certificateTtlSeconds;
  const expiry = ttl === undefined ? undefined : certificateExpiry(ttl, lastSuccess);
  return [
    { metric: "sync_ready", labels, value: Number(ready) },
    { metric: "sync_stale", labels, value: Number(stale) },
    ...known("sync_lag_seconds", lagSeconds, labels),
    ...known("sync_last_success_timestamp_seconds", unixSeconds(lastSuccess), labels),
    ...known("certificate_expiry_timestamp_seconds", unixSeconds(expiry), {
      namespace,
      certificate: externalSecret,
    }),
  ];
}

function storeSamples(
  { namespace, store }: ExporterSpec["stores"][number],
  { namespaces, stores }: Seen,
): readonly Sample[] {
  if (!namespaces.has(namespace)) return [];
  const { state } = judgeStore(stores.get(keyOf({ namespace, name: store })));
  return [{ metric: "store_ready", labels: { namespace, store }, value: Number(state === "ready") }];
}

/** Nothing before its two slots have been looked at. */
function rotationSamples(rotation: Rotation, seen: Seen, now: Date): readonly Sample[] {
  const [live, state] = [rotation.live, rotation.state].map((path) => seen.metadata.get(metadataPath(path)));
  if (live === undefined || state === undefined) return [];
  const declaredAt = seen.cronJobs.get(keyOf({ namespace: rotation.namespace, name: rotation.cronJob }));
  const since = keySince(readReport(state.custom), live, declaredAt);
  const { nextDue, overdueSince } = judgeRotation(rotation.schedule, rotation.timeZone, since, now);
  const labels = { key: rotation.key };
  const age = since === undefined ? undefined : Math.max(0, (now.getTime() - Date.parse(since)) / 1_000);
  return [
    ...known("rotation_age_seconds", age, labels),
    ...known(
      "rotation_next_due_timestamp_seconds",
      unixSeconds(nextDue === undefined ? undefined : new Date(nextDue)),
      labels,
    ),
    { metric: "rotation_overdue", labels, value: Number(overdueSince !== undefined) },
  ];
}

function vaultSamples(seen: Seen): readonly Sample[] {
  return [
    ...(seen.nodes ?? []).flatMap(({ node, up, sealed, leader }) => [
      ...known("vault_up", up, { node }),
      ...known("vault_sealed", sealed, { node }),
      ...known("vault_leader", leader, { node }),
    ]),
    ...known("vault_has_leader", seen.hasLeader),
    ...(seen.raft ?? []).flatMap(({ node, healthy, lagEntries, lastContactSeconds }) => [
      ...known("vault_raft_healthy", healthy, { node }),
      ...known("vault_raft_lag_entries", lagEntries, { node }),
      ...known("vault_raft_last_contact_seconds", lastContactSeconds, { node }),
    ]),
    ...known("audit_devices", seen.auditDevices),
    ...known("vault_telemetry", seen.telemetry),
    ...known("audit_failures_total", seen.auditFailures),
    ...known("break_glass_incidents_open", seen.openIncidents),
  ];
}

function known(
  metric: MetricName,
  value: number | boolean | undefined,
  labels: Readonly<Record<string, string>> = {},
): readonly Sample[] {
  return value === undefined ? [] : [{ metric, labels, value: Number(value) }];
}

function unixSeconds(time: Date | undefined): number | undefined {
  return time && time.getTime() / 1_000;
}
