import { fileURLToPath } from "node:url";
import type { PortPlan } from "../processes/ports.ts";
import type { ProcessSpec } from "../processes/start.ts";
import type { SandboxPaths } from "../state.ts";
import { vaultNodes } from "../vault/nodes.ts";

const program = fileURLToPath(new URL("main.ts", import.meta.url));

/** The address that clients of Vault use. */
export function forwarderAddress(ports: PortPlan): string {
  return `https://127.0.0.1:${ports.forwarder}`;
}

export function forwarderProcess(paths: SandboxPaths, ports: PortPlan): ProcessSpec {
  const nodes = vaultNodes(ports).flatMap((node) => ["--node", `${node.name}=${node.address}`]);
  return {
    name: "vault-forwarder",
    command: [process.execPath, program, "--port", String(ports.forwarder), "--ca", paths.caFile, ...nodes],
    cwd: paths.root,
    ports: [{ port: ports.forwarder, use: "vault-forwarder (the address of Vault for clients)" }],
  };
}
