import { type KubernetesReader, refOf } from "../../../clients/kubernetes.ts";
import type { Fields } from "../../../resources/values.ts";
import type { FieldDifference, Finding } from "../finding.ts";
import { addedFields } from "./added.ts";
import { objectDifferences } from "./compare.ts";
import { holderOf } from "./managers.ts";

/** `<kind> <namespace>/<name>` */
export function objectName(object: Fields): string {
  const { kind, namespace, name } = refOf(object);
  return namespace === undefined ? `${kind} ${name}` : `${kind} ${namespace}/${name}`;
}

/** What of one object is not as declared. */
export async function objectFindings(
  kubernetes: KubernetesReader,
  object: Fields,
  resource: string | undefined,
): Promise<readonly Finding[]> {
  const finding = {
    server: "Kubernetes",
    what: objectName(object),
    ...(resource === undefined ? {} : { resource }),
  } as const;
  const live = await kubernetes.read(refOf(object));
  if (live === undefined) return [{ ...finding, drift: "missing", fields: [] }];
  const fields = [
    ...objectDifferences(object, live).map((one) => withHolder(one, live)),
    ...addedFields(object, live),
  ];
  return fields.length === 0 ? [] : [{ ...finding, drift: "changed", fields }];
}

function withHolder(difference: FieldDifference, live: Fields): FieldDifference {
  const by = holderOf(live, difference.field);
  return by === undefined ? difference : { ...difference, by };
}
