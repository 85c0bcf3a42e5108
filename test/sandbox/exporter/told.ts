import { CoreV1Api, KubeConfig } from "@kubernetes/client-node";
import { PORT_ANNOTATION } from "../../../sandbox/node-agent/plan/ports.ts";
import { until } from "../../../sandbox/processes/until.ts";
import type { RunningSandbox } from "../../../sandbox/sandbox.ts";

/** A round of the exporter's, with servers that do not answer, on a busy machine. */
const PATIENCE_MS = 120_000;

/** `<metric>` or `<metric>{<labels>}`, without the prefix -> value. */
export type Told = ReadonlyMap<string, number>;

/** The exporter that the stack has deployed. */
export interface RunningExporter {
  /** What it tells now. */
  told(): Promise<Told>;
  /** Resolves with what it tells once that is so. */
  tells(what: string, holds: (told: Told) => boolean): Promise<Told>;
}

/** Resolves once its pod is ready. */
export async function runningExporter({ kubernetes }: RunningSandbox): Promise<RunningExporter> {
  const config = new KubeConfig();
  config.loadFromFile(kubernetes.kubeconfigs.admin);
  const core = config.makeApiClient(CoreV1Api);
  const address = await until("the exporter ran", { deadlineMs: PATIENCE_MS, intervalMs: 500 }, () =>
    podAddress(core),
  );
  const told = async () => parsed(await (await fetch(`http://${address}/metrics`)).text());
  return {
    told,
    tells: (what, holds) =>
      until(`the exporter told that ${what}`, { deadlineMs: PATIENCE_MS, intervalMs: 500 }, async () => {
        const now = await told().catch(() => undefined);
        return now !== undefined && holds(now) ? now : undefined;
      }),
  };
}

/** Where the exporter's pod really listens, once it is ready. */
async function podAddress(core: CoreV1Api): Promise<string | undefined> {
  const { items } = await core.listNamespacedPod({ namespace: "vault-monitoring" });
  const ready = items.find(({ status }) =>
    status?.conditions?.some(({ type, status: holds }) => type === "Ready" && holds === "True"),
  );
  const port = ready?.metadata?.annotations?.[`${PORT_ANNOTATION}9464`];
  return port === undefined ? undefined : `127.0.0.1:${port}`;
}

/** Of Prometheus' text format; which stack it is of stands in every line, and is left out. */
export function parsed(text: string): Told {
  const lines = text.matchAll(/^vault_management_(\w+(?:\{[^}]*\})?) (\S+)$/gm);
  return new Map([...lines].map(([, name = "", value]) => [withoutEnvironment(name), Number(value)]));
}

function withoutEnvironment(name: string): string {
  return name
    .replace(/,?environment="[^"]*"/, "")
    .replace("{}", "")
    .replace("{,", "{");
}
