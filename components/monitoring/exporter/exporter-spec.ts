import { memoryPlace } from "../../../access/operators/denial.ts";
import { usedAuthorities } from "../../../freshness/authorities.ts";
import { declaredSyncs } from "../../../freshness/declared.ts";
import type { ExporterSpec } from "../../../jobs/exporter/spec.ts";
import { seconds } from "../../durations.ts";
import { loginAudiences } from "../../external-secrets/store.ts";
import { rotationNames } from "../../rotation/names.ts";
import { spreadSchedule } from "../../rotation/schedule.ts";
import { EXPORTER, exporterVaultNames } from "./names.ts";
import type { ExporterSettings, ExporterStack } from "./settings.ts";

/** Where the exporter's pod has its program and what it is told. */
export const FILES = {
  program: "/opt/exporter/exporter.mjs",
  spec: "/etc/exporter/spec.json",
  vaultCa: "/etc/exporter/vault-ca.crt",
} as const;

/** What the exporter is told. */
export function exporterSpecOf(
  settings: ExporterStack,
  { namespace, interval }: ExporterSettings,
): ExporterSpec {
  const { environment, vault, namespaces, monitoring } = settings;
  return {
    environment,
    vault: {
      address: vault.address,
      authMount: vault.auth.mount,
      role: exporterVaultNames(settings, namespace).role,
      audiences: loginAudiences(settings),
      nodes: monitoring.vault.nodes,
    },
    account: { namespace, serviceAccount: EXPORTER },
    intervalSeconds: seconds(interval),
    stores: namespaces.flatMap(({ name, stores }) =>
      stores.map(({ name: store }) => ({ namespace: name, store })),
    ),
    secrets: declaredSyncs(settings).map(({ paths, ...sync }) => ({ ...sync, paths: [...paths] })),
    rotations: rotationsOf(settings),
    authorities: usedAuthorities(settings).map(({ mount, issuer }) => ({ mount, issuer })),
    memory: memoryPlace(settings),
  };
}

function rotationsOf(settings: ExporterStack): ExporterSpec["rotations"] {
  const { rotation } = settings;
  if (rotation === undefined) return [];
  return rotation.keys.map((key) => ({
    key: key.name,
    live: { mount: key.live.mount, path: key.live.path },
    state: key.state,
    schedule: spreadSchedule(key.schedule, key.name),
    timeZone: key.timeZone,
    namespace: rotation.namespace,
    cronJob: rotationNames(settings, rotation, key).rotate,
  }));
}
