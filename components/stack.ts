import type { Output } from "@pulumi/pulumi";
import type { ConnectionState } from "../config/databases-state.ts";
import { generatedSecrets } from "../config/generated-secrets.ts";
import type { Settings } from "../config/schema.ts";
import { Databases } from "./databases/databases.ts";
import type { CrdManifest } from "./external-secrets/crds.ts";
import { NamespaceSecrets } from "./external-secrets/namespace-secrets.ts";
import { ExternalSecretsOperator } from "./external-secrets/operator.ts";
import { GeneratedSecret } from "./generated/generated-secret.ts";
import { Exporter } from "./monitoring/exporter/exporter.ts";
import { exporterOf } from "./monitoring/exporter/settings.ts";
import { Monitoring } from "./monitoring/monitoring.ts";
import type { MonitoringKind } from "./monitoring/names.ts";
import { Pki } from "./pki/pki.ts";
import { createProviders } from "./providers.ts";
import type { RightsInForce } from "./rights-in-force.ts";
import { Rotations } from "./rotation/rotations.ts";
import { VaultCluster } from "./vault/cluster.ts";
import { NamespaceAccess } from "./vault/namespace-access.ts";
import { WorkloadAuth } from "./vault/workload-auth.ts";

/** What the resources of a stack are made from. */
export interface StackArgs {
  /** As declared: what everybody's rights are made for. */
  readonly settings: Settings;
  /** The same without the secrets that read a database role which has to wait: what is brought into the cluster. */
  readonly deployable: Settings;
  /** The declared database connections, as they stand in Vault. */
  readonly connections: readonly ConnectionState[];
  /** The custom resource definitions to install; none where ESO is there already. */
  readonly crds: readonly CrdManifest[];
  /** What of the Prometheus Operator's kinds the declaration asks for and the cluster has. */
  readonly monitoringKinds: readonly MonitoringKind[];
  /** @default a right counts as given when its binding is made, which only holds where nothing is made for real */
  readonly rightsInForce?: RightsInForce;
}

/**
 * Declares every resource of a stack, and asks no server itself: an update brings them about, and a search for drift holds
 * what it finds against them.
 * @returns namespace -> id of its SecretStores
 */
export function declareStack({
  settings,
  deployable,
  connections,
  crds,
  monitoringKinds,
  ...waiting
}: StackArgs): Readonly<Record<string, Output<string>>> {
  const { vault, kubernetes, random } = createProviders(settings);

  const cluster = new VaultCluster("vault", settings, { provider: vault });
  // After the cluster: with its audit devices on, every login from the first is recorded.
  const auth = new WorkloadAuth("workload-auth", settings, { provider: vault, dependsOn: cluster });
  const generated = generatedSecrets(settings).map(
    (secret) =>
      new GeneratedSecret(`${secret.mount}/${secret.path}`, secret, {
        providers: { vault, random },
        dependsOn: cluster,
      }),
  );
  const pki =
    settings.pki && new Pki("pki", { settings, pki: settings.pki }, { provider: vault, dependsOn: cluster });
  const databases =
    connections.length > 0 &&
    new Databases("databases", { settings, connections }, { provider: vault, dependsOn: cluster });
  const operator = new ExternalSecretsOperator(
    "external-secrets",
    { settings, crds, ...waiting },
    { provider: kubernetes },
  );

  const namespaces = settings.namespaces.map((namespace, index) => {
    const access = new NamespaceAccess(
      namespace.name,
      { settings, namespace, authMount: auth.mount, sessionPolicy: auth.sessionPolicy },
      { provider: vault, dependsOn: auth },
    );
    const secrets = new NamespaceSecrets(
      namespace.name,
      { settings, namespace: deployable.namespaces[index] ?? namespace, roles: access.roles, operator },
      {
        provider: kubernetes,
        dependsOn: [...generated, ...(pki ? [pki] : []), ...(databases ? [databases] : [])],
      },
    );
    return { name: namespace.name, storeId: secrets.storeId, there: secrets.namespace };
  });

  const there = Object.fromEntries(namespaces.map((one) => [one.name, one.there]));
  const rotations =
    settings.rotation &&
    new Rotations(
      "rotation",
      {
        settings,
        rotation: settings.rotation,
        authMount: auth.mount,
        alerting: monitoringKinds.includes("PrometheusRule"),
        namespaces: there,
        ...waiting,
      },
      { providers: { vault, kubernetes }, dependsOn: [auth, operator] },
    );
  const exporter = exporterOf(deployable);
  const watching =
    exporter &&
    new Exporter(
      "exporter",
      { settings: deployable, exporter, authMount: auth.mount, namespaces: there, ...waiting },
      {
        providers: { vault, kubernetes },
        // It has a Role in the rotators' namespace, and ESO's definitions must be there.
        dependsOn: [auth, operator, ...(rotations ? [rotations] : [])],
      },
    );

  new Monitoring(
    "monitoring",
    { settings, kinds: monitoringKinds },
    // Beside the exporter where there is one, in its namespace.
    { provider: kubernetes, dependsOn: [operator, ...(watching ? [watching] : [])] },
  );

  return Object.fromEntries(namespaces.map(({ name, storeId }) => [name, storeId]));
}
