import { CoreV1Api, CustomObjectsApi, KubeConfig } from "@kubernetes/client-node";
import Table from "cli-table3";
import type { Settings } from "../../config/schema.ts";
import type { RunningSandbox } from "../sandbox.ts";

/** One synced Secret, without its values. */
export interface SecretRow {
  readonly namespace: string;
  readonly externalSecret: string;
  readonly target: string;
  /** Names of the Secret's keys. */
  readonly keys: readonly string[];
  readonly store: string;
  /** RFC 3339, from the ExternalSecret's status. */
  readonly refreshTime: string;
}

/** What the declared ExternalSecrets have brought into the cluster. */
export async function secretRows(sandbox: RunningSandbox, settings: Settings): Promise<readonly SecretRow[]> {
  const config = new KubeConfig();
  config.loadFromFile(sandbox.kubernetes.kubeconfigs.admin);
  config.setCurrentContext(sandbox.kubernetes.context);
  const core = config.makeApiClient(CoreV1Api);
  const objects = config.makeApiClient(CustomObjectsApi);
  const declared = settings.namespaces.flatMap((namespace) =>
    namespace.stores.flatMap((store) =>
      store.services.flatMap(({ secrets }) => secrets.map((secret) => ({ namespace, store, secret }))),
    ),
  );
  return Promise.all(
    declared.map(async ({ namespace, store, secret }) => {
      const { data = {} } = await core.readNamespacedSecret({
        namespace: namespace.name,
        name: secret.target,
      });
      const external: ExternalSecretStatus = await objects.getNamespacedCustomObject({
        group: "external-secrets.io",
        version: "v1",
        plural: "externalsecrets",
        namespace: namespace.name,
        name: secret.name,
      });
      return {
        namespace: namespace.name,
        externalSecret: secret.name,
        target: secret.target,
        keys: Object.keys(data).sort(),
        store: store.name,
        refreshTime: external.status?.refreshTime ?? "-",
      };
    }),
  );
}

interface ExternalSecretStatus {
  readonly status?: { readonly refreshTime?: string };
}

/** The rows for a person; every value is shown as the same mask, whatever its length. */
export function secretsTable(rows: readonly SecretRow[]): string {
  const table = new Table({
    head: ["namespace", "ExternalSecret", "target Secret", "keys", "store", "last refresh"],
    style: { head: [], border: [] },
  });
  for (const row of rows) {
    const keys = row.keys.map((key) => `${key} = ****`).join("\n");
    table.push([row.namespace, row.externalSecret, row.target, keys, row.store, row.refreshTime]);
  }
  return table.toString();
}
