import { Databases } from "./components/databases/databases.ts";
import { NamespaceSecrets } from "./components/external-secrets/namespace-secrets.ts";
import { ExternalSecretsOperator } from "./components/external-secrets/operator.ts";
import { awaitReadiness } from "./components/external-secrets/readiness.ts";
import { GeneratedSecret } from "./components/generated/generated-secret.ts";
import { Pki } from "./components/pki/pki.ts";
import { createProviders } from "./components/providers.ts";
import { Rotations } from "./components/rotation/rotations.ts";
import { VaultCluster } from "./components/vault/cluster.ts";
import { NamespaceAccess } from "./components/vault/namespace-access.ts";
import { WorkloadAuth } from "./components/vault/workload-auth.ts";
import { generatedSecrets } from "./config/generated-secrets.ts";
import { outputsOf } from "./outputs/write.ts";
import { openStack } from "./preflight/open.ts";

const { settings, deployable, connections, crds } = await openStack();
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
  { settings, crds },
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

settings.rotation &&
  new Rotations(
    "rotation",
    {
      settings,
      rotation: settings.rotation,
      authMount: auth.mount,
      namespaces: Object.fromEntries(namespaces.map(({ name, there }) => [name, there])),
    },
    { providers: { vault, kubernetes }, dependsOn: [auth, operator] },
  );

await awaitReadiness(deployable, Object.fromEntries(namespaces.map(({ name, storeId }) => [name, storeId])));

/** The stack's only output: see outputs/schema.ts. */
export const vaultManagement = outputsOf(deployable);
