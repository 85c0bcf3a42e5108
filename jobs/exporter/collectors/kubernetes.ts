import type { LiveObject } from "../../../components/external-secrets/judgement.ts";
import type { ExporterCluster } from "../cluster.ts";
import { inGroups, together } from "../in-groups.ts";
import { type Collector, keyOf, type Seen } from "../seen.ts";
import type { ExporterSpec } from "../spec.ts";

/** What ESO says of the declared stores and ExternalSecrets; of a namespace that cannot be listed what it said before. */
export function kubernetesCollector(
  { stores, secrets }: Pick<ExporterSpec, "stores" | "secrets">,
  cluster: Pick<ExporterCluster, "list">,
): Collector {
  const namespaces = [...new Set([...stores, ...secrets].map(({ namespace }) => namespace))];
  return async (before) => {
    const listed = await inGroups(namespaces, async (namespace) => {
      const [found, foundStores] = await Promise.all([
        cluster.list("externalsecrets", namespace),
        cluster.list("secretstores", namespace),
      ]);
      return { namespace, found, foundStores };
    });
    const { values, failures } = together(listed);
    const looked = new Set(values.map(({ namespace }) => namespace));
    const seen: Partial<Seen> = {
      namespaces: new Set([...before.namespaces, ...looked]),
      externalSecrets: merged(before.externalSecrets, looked, (one) => one.found, values),
      stores: merged(before.stores, looked, (one) => one.foundStores, values),
    };
    return { seen, failures };
  };
}

/** The objects of the namespaces that were looked at now, and those of the others as they were. */
function merged<Listed extends { readonly namespace: string }>(
  before: ReadonlyMap<string, LiveObject>,
  looked: ReadonlySet<string>,
  objects: (listed: Listed) => readonly LiveObject[],
  values: readonly Listed[],
): ReadonlyMap<string, LiveObject> {
  return new Map([
    ...[...before].filter(([key]) => !looked.has(key.split("/")[0] ?? "")),
    ...values.flatMap((one) =>
      objects(one).map(
        (live) => [keyOf({ namespace: one.namespace, name: live.metadata.name }), live] as const,
      ),
    ),
  ]);
}
