import { join } from "node:path";
import type { CertificateFiles } from "../certificates/authority.ts";
import type { PortPlan } from "../processes/ports.ts";
import type { ProcessSpec } from "../processes/start.ts";
import { privateFolder, type SandboxPaths, writePrivate } from "../state.ts";

/** One Vault node: its name is its raft node id. */
export interface VaultNode {
  readonly name: string;
  readonly address: string;
}

export function vaultNodes(ports: PortPlan): readonly VaultNode[] {
  return ports.vault.map(({ name, api }) => ({ name, address: `https://127.0.0.1:${api}` }));
}

/** Writes the configuration of each node, and says how to run it. */
export async function vaultProcesses(
  paths: SandboxPaths,
  ports: PortPlan,
  program: string,
  certificate: CertificateFiles,
): Promise<readonly ProcessSpec[]> {
  return Promise.all(
    ports.vault.map(async ({ name, api, cluster }) => {
      const folder = join(paths.vault, name);
      const configFile = join(folder, "vault.json");
      const data = join(folder, "data");
      await privateFolder(folder);
      await privateFolder(data);
      const config = nodeConfig({ paths, ports, name, data, certificate });
      await writePrivate(configFile, `${JSON.stringify(config, null, 2)}\n`);
      return {
        name,
        command: [program, "server", `-config=${configFile}`] as const,
        // Three nodes share one small machine: a tighter garbage collector costs little at this load.
        env: { GOGC: "50" },
        cwd: folder,
        ports: [
          { port: api, use: `${name} (API)` },
          { port: cluster, use: `${name} (cluster traffic)` },
        ],
      };
    }),
  );
}

interface NodeSettings {
  readonly paths: SandboxPaths;
  readonly ports: PortPlan;
  readonly name: string;
  readonly data: string;
  readonly certificate: CertificateFiles;
}

/** The configuration file of one node, as Vault's documentation names its fields. */
export function nodeConfig(settings: NodeSettings): Readonly<Record<string, unknown>> {
  const { paths, ports, name, data, certificate } = settings;
  const own = ports.vault.find((node) => node.name === name);
  const others = vaultNodes(ports).filter((node) => node.name !== name);
  const tls = { tls_cert_file: certificate.certFile, tls_key_file: certificate.keyFile };
  return {
    cluster_name: "sandbox",
    api_addr: `https://127.0.0.1:${own?.api}`,
    cluster_addr: `https://127.0.0.1:${own?.cluster}`,
    disable_mlock: true,
    ui: false,
    log_level: "info",
    // Vault serves its own metrics only where it keeps them.
    telemetry: { prometheus_retention_time: "1h", disable_hostname: true },
    listener: [
      { tcp: { address: `127.0.0.1:${own?.api}`, cluster_address: `127.0.0.1:${own?.cluster}`, ...tls } },
    ],
    storage: {
      raft: {
        path: data,
        node_id: name,
        // 1 is raft's fastest setting: a lost leader is replaced within seconds.
        performance_multiplier: 1,
        // Autopilot makes a node a voter once it has been stable; look at that every second instead of every ten.
        autopilot_reconcile_interval: "1s",
        autopilot_update_interval: "500ms",
        retry_join: others.map((node) => ({
          leader_api_addr: node.address,
          leader_ca_cert_file: paths.caFile,
        })),
      },
    },
  };
}
