import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { rawDeclaration } from "../../config/stack-file.ts";
import type { RunningSandbox } from "../sandbox.ts";

type Sections = Readonly<Record<string, unknown>>;

/** The stack that the sandbox deploys. */
export const sandboxStack = "dev";

/** The dev stack's declaration as its file has it. */
export async function devDeclaration(projectFolder: string): Promise<Sections> {
  const name = `Pulumi.${sandboxStack}.yaml`;
  return rawDeclaration(await readFile(join(projectFolder, name), "utf8"), name);
}

/**
 * The declaration with the sandbox's addresses in place of the real ones: where Vault and Kubernetes are and how they are
 * trusted, and where the chart and the CRDs lie. Every other field is the declaration's own.
 */
export function sandboxDeclaration(declaration: Sections, sandbox: RunningSandbox): Sections {
  const { vault, kubernetes, toolchain } = sandbox;
  const externalSecrets = section(declaration, "externalSecrets");
  return {
    ...declaration,
    vault: {
      ...section(declaration, "vault"),
      address: vault.address,
      caCertificate: vault.caPem,
      nodes: vault.nodes.map(({ address }) => address),
    },
    kubernetes: {
      ...section(declaration, "kubernetes"),
      context: kubernetes.context,
      apiAddress: kubernetes.address,
      apiCaCertificate: kubernetes.caPem,
    },
    externalSecrets: {
      ...externalSecrets,
      chart: { ...section(externalSecrets, "chart"), source: toolchain.chart },
      crds: { ...section(externalSecrets, "crds"), source: toolchain.crds },
    },
  };
}

function section(sections: Sections, name: string): Sections {
  const value = sections[name];
  return typeof value === "object" && value !== null ? (value as Sections) : {};
}
