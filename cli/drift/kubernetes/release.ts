import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { parse, parseAllDocuments } from "yaml";
import type { KubernetesReader } from "../../../clients/kubernetes.ts";
import { type Fields, fieldsOf, requiredText } from "../../../resources/values.ts";
import { type Declared, type FieldDifference, type Finding, resourceOf } from "../finding.ts";
import { shown } from "../shown.ts";
import { objectDifferences } from "./compare.ts";
import { objectFindings } from "./object.ts";

const unzip = promisify(gunzip);

/** What Helm remembers of a release: https://helm.sh/docs/topics/advanced/#storage-backends */
interface HelmRelease {
  readonly status: string;
  readonly chart: string;
  readonly version: string;
  readonly values: Fields;
  readonly objects: readonly Fields[];
}

export function releaseName(inputs: Fields): string {
  return `Helm release ${requiredText(inputs, "namespace")}/${requiredText(inputs, "name")}`;
}

/** What of a release, and of the objects that it made, is not as declared. */
export async function releaseFindings(
  kubernetes: KubernetesReader,
  declared: Declared,
): Promise<readonly Finding[]> {
  const { inputs } = declared;
  const [namespace, name] = [requiredText(inputs, "namespace"), requiredText(inputs, "name")];
  const resource = resourceOf(declared);
  const finding = { server: "Kubernetes", what: releaseName(inputs), resource } as const;
  const release = await newest(kubernetes, namespace, name);
  if (release === undefined) return [{ ...finding, drift: "missing", fields: [] }];
  const fields = await releaseDifferences(inputs, release);
  const objects = await Promise.all(
    release.objects.map((object) => objectFindings(kubernetes, inNamespace(object, namespace), resource)),
  );
  return [
    ...(fields.length === 0 ? [] : [{ ...finding, drift: "changed", fields } as const]),
    ...objects.flat(),
  ];
}

async function releaseDifferences(inputs: Fields, found: HelmRelease): Promise<readonly FieldDifference[]> {
  const chart = await chartOf(inputs);
  const values = fieldsOf(inputs.values);
  return [
    ...differing("status", "deployed", found.status),
    ...differing("chart", chart.name, found.chart),
    ...differing("version", chart.version, found.version),
    ...objectDifferences({ values }, { values: found.values }),
    ...objectDifferences({ values: found.values }, { values }).flatMap(({ field, declared }) =>
      declared === undefined ? [] : [{ field, found: declared }],
    ),
  ].filter((one, index, all) => all.findIndex(({ field }) => field === one.field) === index);
}

function differing(field: string, declared: unknown, found: string): readonly FieldDifference[] {
  if (declared === undefined || declared === found) return [];
  return [{ field, declared: shown(declared) ?? "", found }];
}

/** A chart of a repository has its version declared, one of a folder in the folder. */
async function chartOf(inputs: Fields): Promise<{ readonly name: unknown; readonly version: unknown }> {
  const chart = requiredText(inputs, "chart");
  if (inputs.version !== undefined) return { name: chart, version: inputs.version };
  const { name, version } = fieldsOf(parse(await readFile(join(chart, "Chart.yaml"), "utf8")));
  return { name, version };
}

/** Helm keeps the releases of a namespace in Secrets there, each revision in its own: gzip in base64 in base64. */
async function newest(
  kubernetes: KubernetesReader,
  namespace: string,
  name: string,
): Promise<HelmRelease | undefined> {
  const secrets = await kubernetes.list("v1", "Secret", { namespace, labels: { owner: "helm", name } });
  const revisions = secrets
    .map((secret) => ({ secret, revision: Number(fieldsOf(fieldsOf(secret.metadata).labels).version) }))
    .toSorted((a, b) => b.revision - a.revision);
  const [last] = revisions;
  if (last === undefined) return undefined;
  const encoded = Buffer.from(String(fieldsOf(last.secret.data).release), "base64").toString("utf8");
  const release: unknown = JSON.parse((await unzip(Buffer.from(encoded, "base64"))).toString("utf8"));
  return releaseOf(fieldsOf(release));
}

function releaseOf({ info, chart, config, manifest }: Fields): HelmRelease {
  const { name, version } = fieldsOf(fieldsOf(chart).metadata);
  const documents = parseAllDocuments(String(manifest));
  const objects = Array.isArray(documents) ? documents.map((document): unknown => document.toJSON()) : [];
  return {
    status: String(fieldsOf(info).status),
    chart: String(name),
    version: String(version),
    values: fieldsOf(config),
    objects: objects.map(fieldsOf).filter(({ kind }) => typeof kind === "string"),
  };
}

/** A template may leave its release's namespace out. */
function inNamespace(object: Fields, namespace: string): Fields {
  return { ...object, metadata: { namespace, ...fieldsOf(object.metadata) } };
}
