import { isIP } from "node:net";
import { KubeConfig } from "@kubernetes/client-node";
import { fieldsOf } from "../../resources/values.ts";
import { EngineError, type StackInput } from "./engine.ts";

/** Whether a URL's host is this machine alone: 127.0.0.0/8, ::1 or `localhost`. */
export function isLoopback(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const host = new URL(address).hostname.replace(/^\[|\]$/g, "");
  if (host === "localhost") return true;
  return isIP(host) === 4 ? host.startsWith("127.") : host === "::1";
}

/**
 * Refuses addresses of other machines: the engines of the sandbox prune and overwrite, and must never meet a real cluster.
 * @param addresses what each address is for -> the address
 */
export function requireLoopback(addresses: Readonly<Record<string, unknown>>): void {
  const refused = Object.entries(addresses).filter(
    ([, address]) => typeof address !== "string" || !isLoopback(address),
  );
  if (refused.length === 0) return;
  throw new EngineError(
    [
      "The sandbox's engines deploy to this machine only; nothing was changed.",
      ...refused.map(
        ([use, address]) => `  ${use}: found ${JSON.stringify(address)}, allowed an address on 127.0.0.1`,
      ),
      "Use `pulumi up` for a real cluster.",
    ].join("\n"),
  );
}

/** {@link requireLoopback} for every address that a deployment would use, before anything is done. */
export function requireStackOnLoopback({ declaration, sandbox }: StackInput): void {
  const vault = fieldsOf(declaration.vault);
  const nodes = Array.isArray(vault.nodes) ? vault.nodes : [];
  const { deployer, previewer } = sandbox.kubernetes.kubeconfigs;
  const clusters = [deployer, previewer].flatMap((file) => {
    const config = new KubeConfig();
    config.loadFromFile(file);
    return config.getClusters();
  });
  requireLoopback({
    "vault.address": vault.address,
    ...Object.fromEntries(nodes.map((node, index) => [`vault.nodes[${index}]`, node])),
    "kubernetes.apiAddress": fieldsOf(declaration.kubernetes).apiAddress,
    ...Object.fromEntries(clusters.map(({ name, server }) => [`kubeconfig cluster ${name}`, server])),
  });
}
