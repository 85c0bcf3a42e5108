import { readFile } from "node:fs/promises";
import { KubeConfig } from "@kubernetes/client-node";
import { Agent, request } from "undici";
import { ensureAuthority, ensureCertificate } from "../../../sandbox/certificates/authority.ts";
import type { RunningSandbox } from "../../../sandbox/sandbox.ts";

export interface ApiAnswer {
  readonly status: number;
  /** The API server's reason, or the whole object as JSON. */
  readonly text: string;
}

/** The Kubernetes API as somebody whose certificate names one group. */
export interface Api {
  ask(method: string, path: string, body?: unknown): Promise<ApiAnswer>;
  close(): Promise<void>;
}

/** The same as a kubeconfig. */
export async function kubeConfigAs(sandbox: RunningSandbox, group: string): Promise<KubeConfig> {
  const { certFile, keyFile } = await certificateOf(sandbox, group);
  const config = new KubeConfig();
  config.loadFromClusterAndUser(
    {
      ...{ name: "sandbox", server: sandbox.kubernetes.address, skipTLSVerify: false },
      caData: Buffer.from(sandbox.vault.caPem).toString("base64"),
    },
    { name: group, certFile, keyFile },
  );
  return config;
}

async function certificateOf({ paths }: RunningSandbox, group: string) {
  return ensureCertificate(paths, await ensureAuthority(paths), {
    name: `optest-${group.replaceAll(":", "-")}`,
    commonName: `optest ${group}`,
    organizations: [group],
    usages: ["client"],
  });
}

export async function apiAs(sandbox: RunningSandbox, group: string): Promise<Api> {
  const { kubernetes, vault } = sandbox;
  const files = await certificateOf(sandbox, group);
  const [cert, key] = await Promise.all([readFile(files.certFile), readFile(files.keyFile)]);
  const dispatcher = new Agent({ connect: { ca: vault.caPem, cert, key } });
  return {
    ask: async (method, path, body) => {
      const answer = await request(`${kubernetes.address}${path}`, {
        method: method as "GET",
        dispatcher,
        headers: { "Content-Type": method === "PATCH" ? "application/apply-patch+yaml" : "application/json" },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await answer.body.text();
      const { message } = JSON.parse(text) as { readonly message?: string };
      return { status: answer.statusCode, text: message ?? text };
    },
    close: () => dispatcher.close(),
  };
}
