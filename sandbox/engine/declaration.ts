import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { rawDeclaration } from "../../config/stack-file.ts";
import { clusterOperators, declaredNames, sandboxGroup } from "../operators/files.ts";
import type { RunningSandbox } from "../sandbox.ts";

type Sections = Readonly<Record<string, unknown>>;

/** Holds the program and its stacks' files. */
export const projectFolder = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** The stack that the sandbox deploys. */
export const sandboxStack = "dev";

/** The dev stack's declaration as its file has it. */
export async function devDeclaration(projectFolder: string): Promise<Sections> {
  const name = `Pulumi.${sandboxStack}.yaml`;
  return rawDeclaration(await readFile(join(projectFolder, name), "utf8"), name);
}

/**
 * The declaration with the sandbox's addresses in place of the real ones: where Vault and Kubernetes are and how they are
 * trusted, where the chart and the CRDs lie, where Vault's audit files stand, and how operators are known: by the API server
 * as declared, else by a group of the sandbox's own, and by no issuer, since there is none. Every other field is the
 * declaration's own.
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
      ...auditDevices(section(declaration, "vault"), sandbox),
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
    operators: {
      kubernetes: {
        ...Object.fromEntries(
          clusterOperators.map((one) => [declaredNames[one], { group: sandboxGroup(one) }]),
        ),
        ...section(section(declaration, "operators"), "kubernetes"),
      },
    },
  };
}

/** All nodes are on this machine, and the one that is active writes. */
function auditDevices(vault: Sections, { paths }: RunningSandbox): Sections {
  const devices = Object.keys(section(vault, "auditDevices")).map((name) => {
    const device = section(section(vault, "auditDevices"), name);
    const onDisk = device.filePath !== undefined && device.filePath !== "stdout";
    return [name, onDisk ? { ...device, filePath: join(paths.vaultAudit, `${name}.log`) } : device] as const;
  });
  return devices.length === 0 ? {} : { auditDevices: Object.fromEntries(devices) };
}

function section(sections: Sections, name: string): Sections {
  const value = sections[name];
  return typeof value === "object" && value !== null ? (value as Sections) : {};
}
