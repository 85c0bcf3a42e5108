import { readFile } from "node:fs/promises";
import { crdManifests } from "../../../components/external-secrets/crds.ts";
import { type MonitoringKind, wantedKinds } from "../../../components/monitoring/names.ts";
import { declareStack } from "../../../components/stack.ts";
import type { Settings } from "../../../config/schema.ts";
import { auditDevices, plainSecrets, resourceRules } from "../../../policy/rules/all.ts";
import { defaultsOf, type ResourceView, type StackView, UNKNOWN } from "../../../policy/rules/resource.ts";
import { esoManifests } from "../eso-crds.ts";
import { holdsSecret, recordResources } from "../pulumi-mocks.ts";

const bundle = await readFile((await esoManifests()).crds, "utf8");

export const esoCrds = crdManifests(bundle, "bundle");

/** Every resource of the program, as the rules see it. */
export async function programOf(
  settings: Settings,
  crds: typeof esoCrds = [],
): Promise<readonly ResourceView[]> {
  const recorded = await recordResources(() =>
    declareStack({
      ...{ settings, deployable: settings, crds },
      connections: settings.databases.map((connection) => ({ connection, initialised: true, waiting: [] })),
      monitoringKinds: Object.keys(wantedKinds(settings)) as MonitoringKind[],
    }),
  );
  return recorded.map(({ urn, type, name, inputs, protect }) => ({
    urn,
    type,
    name,
    protect,
    props: Object.fromEntries(
      Object.entries(inputs).map(([key, value]) => [key, holdsSecret(value) ? UNKNOWN : value]),
    ),
  }));
}

export function stackOf({ environment, tier, vault, generated }: Settings): StackView {
  return { name: environment, tier, cluster: vault.cluster, generated: generated.production };
}

/** What the whole pack, as it is without configuration, finds: `<rule> <resource>`. */
export function packFindings(resources: readonly ResourceView[], stack: StackView): readonly string[] {
  const single = resources.flatMap((resource) =>
    [...resourceRules, plainSecrets].flatMap((rule) =>
      rule.check(resource, defaultsOf(rule), stack).map(() => `${rule.name} ${resource.name}`),
    ),
  );
  const together = auditDevices
    .check(resources, stack)
    .map(({ urn }) => `${auditDevices.name} ${urn ?? "stack"}`);
  return [...single, ...together];
}
