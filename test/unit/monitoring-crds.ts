import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";
import type { CrdManifest } from "../../components/external-secrets/crds.ts";
import { definitionOf, MONITORING_KINDS, type MonitoringKind } from "../../components/monitoring/names.ts";
import { goEnvironment, requireGo, runGo } from "../../sandbox/toolchain/go.ts";

const MODULE = "github.com/prometheus-operator/prometheus-operator";
const folder = join(import.meta.dirname, "../../sandbox/toolchain/prometheus-operator");

const needs = {
  what: "the Prometheus Operator's definitions, for tests",
  module: "prometheus-operator",
  environmentVariables: [],
};

/** The Prometheus Operator's own definitions of the kinds that this stack writes, out of its pinned Go module. */
export async function monitoringDefinitions(): Promise<readonly CrdManifest[]> {
  const go = await requireGo(process.env, folder, [needs]);
  const args = ["mod", "download", "-json", MODULE];
  const { status, output, tail } = await runGo(go, args, { cwd: folder, env: goEnvironment(process.env) });
  if (status !== 0) throw new Error(`go mod download ended with ${status}:\n${tail}`);
  const { Dir: source } = JSON.parse(output) as { readonly Dir: string };
  const kinds = Object.keys(MONITORING_KINDS) as MonitoringKind[];
  return Promise.all(
    kinds.map(async (kind) => parse(await readFile(fileOf(source, kind), "utf8")) as CrdManifest),
  );
}

function fileOf(source: string, kind: MonitoringKind): string {
  const [plural, ...group] = definitionOf(kind).split(".");
  return join(source, "example/prometheus-operator-crd", `${group.join(".")}_${plural}.yaml`);
}
