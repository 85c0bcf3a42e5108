import { readFile } from "node:fs/promises";
import { Databases } from "../../../components/databases/databases.ts";
import { crdManifests } from "../../../components/external-secrets/crds.ts";
import { NamespaceSecrets } from "../../../components/external-secrets/namespace-secrets.ts";
import { ExternalSecretsOperator } from "../../../components/external-secrets/operator.ts";
import { GeneratedSecret } from "../../../components/generated/generated-secret.ts";
import { Monitoring } from "../../../components/monitoring/monitoring.ts";
import { type MonitoringKind, wantedKinds } from "../../../components/monitoring/names.ts";
import { createProviders } from "../../../components/providers.ts";
import { Rotations } from "../../../components/rotation/rotations.ts";
import { VaultCluster } from "../../../components/vault/cluster.ts";
import { NamespaceAccess } from "../../../components/vault/namespace-access.ts";
import { WorkloadAuth } from "../../../components/vault/workload-auth.ts";
import { generatedSecrets } from "../../../config/generated-secrets.ts";
import type { Settings } from "../../../config/schema.ts";
import { auditDevices, plainSecrets, resourceRules } from "../../../policy/rules/all.ts";
import { defaultsOf, type ResourceView, type StackView, UNKNOWN } from "../../../policy/rules/resource.ts";
import { esoManifests } from "../eso-crds.ts";
import { holdsSecret, recordResources } from "../pulumi-mocks.ts";

const bundle = await readFile((await esoManifests()).crds, "utf8");

export const esoCrds = crdManifests(bundle, "bundle");

/** Every resource of the program, wired as index.ts wires it, as the rules see it. */
export async function programOf(
  settings: Settings,
  crds: typeof esoCrds = [],
): Promise<readonly ResourceView[]> {
  const recorded = await recordResources(() => {
    const { vault, kubernetes, random } = createProviders(settings);
    const cluster = new VaultCluster("vault", settings, { provider: vault });
    const auth = new WorkloadAuth("workload-auth", settings, { provider: vault, dependsOn: cluster });
    const generated = generatedSecrets(settings).map(
      (secret) =>
        new GeneratedSecret(`${secret.mount}/${secret.path}`, secret, {
          providers: { vault, random },
          dependsOn: cluster,
        }),
    );
    const connections = settings.databases.map((connection) => ({
      connection,
      initialised: true,
      waiting: [],
    }));
    connections.length > 0 &&
      new Databases("databases", { settings, connections }, { provider: vault, dependsOn: cluster });
    const operator = new ExternalSecretsOperator(
      "external-secrets",
      { settings, crds },
      { provider: kubernetes },
    );
    const namespaces = settings.namespaces.map((namespace) => {
      const { roles } = new NamespaceAccess(
        namespace.name,
        { settings, namespace, authMount: auth.mount, sessionPolicy: auth.sessionPolicy },
        { provider: vault, dependsOn: auth },
      );
      const secrets = new NamespaceSecrets(
        namespace.name,
        { settings, namespace, roles, operator },
        { provider: kubernetes, dependsOn: generated },
      );
      return [namespace.name, secrets.namespace] as const;
    });
    const { rotation } = settings;
    rotation &&
      new Rotations(
        "rotation",
        {
          ...{ settings, rotation, authMount: auth.mount, alerting: settings.monitoring.prometheusRules },
          namespaces: Object.fromEntries(namespaces),
        },
        { providers: { vault, kubernetes }, dependsOn: [auth, operator] },
      );
    const kinds = Object.keys(wantedKinds(settings)) as MonitoringKind[];
    new Monitoring("monitoring", { settings, kinds }, { provider: kubernetes, dependsOn: operator });
  });
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
