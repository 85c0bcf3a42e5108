import { directEngine } from "../../../sandbox/engine/direct/engine.ts";
import { useSandbox } from "../harness.ts";
import { Cluster } from "../main-job/cluster.ts";
import {
  deploy,
  type Edit,
  type Ground,
  llmSecrets,
  projectFolder,
  putInVault,
  rootVault,
} from "../main-job/ground.ts";
import { type RunningExporter, runningExporter } from "./told.ts";

export const LAGGING = "exporter-lagging";
export const PATH = "exporter/lagging";

export interface ExporterGround extends Ground, RunningExporter {
  readonly cluster: Cluster;
  close(): Promise<void>;
}

const readiness = { externalSecrets: { readiness: { mode: "report", timeout: "1s" } } };

function watched(nodes: Readonly<Record<string, string>>): Edit {
  return { ...readiness, monitoring: { exporter: { interval: "5s" }, vault: { nodes } } };
}

/** The dev stack with a secret that is refreshed every hour, and the exporter that the stack deploys, run by the node agent. */
export async function exporterGround(): Promise<ExporterGround> {
  const sandbox = await useSandbox();
  const ground: Ground = {
    engine: directEngine("the tests' own", projectFolder),
    sandbox,
    vault: await rootVault(sandbox),
  };
  const nodes = Object.fromEntries(sandbox.vault.nodes.map(({ name, address }) => [name, address]));
  const secrets = llmSecrets({ [LAGGING]: { refreshInterval: "1h", data: { value: `${PATH}#value` } } });
  await deploy(ground, readiness);
  await putInVault(ground, PATH, { value: "first" });
  await deploy(ground, watched(nodes), secrets);
  const exporter = await runningExporter(sandbox);
  return {
    ...ground,
    ...exporter,
    cluster: new Cluster(sandbox),
    close: async () => {
      await deploy(ground, readiness);
      await ground.vault.close();
    },
  };
}
