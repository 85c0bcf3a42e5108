import { Agent, request } from "undici";
import { VaultClient } from "../../../clients/vault.ts";
import { directEngine } from "../../../sandbox/engine/direct/engine.ts";
import type { RunningSandbox } from "../../../sandbox/sandbox.ts";
import { readState } from "../../../sandbox/state.ts";
import { useSandbox } from "../harness.ts";
import { type Edit, type Fields, type Ground, projectFolder, rootVault } from "../main-job/ground.ts";

export const domain = "llm.voyager.internal";
export const gateway = `gateway.${domain}`;

/** The role that issues the certificate which {@link withPki} declares. */
export const gatewayRole = "voyager-platform-llm.llm-gateway.gateway-tls";

/** A certificate as Vault's issue endpoint gives it. */
export interface Issued {
  readonly certificate: string;
  readonly chain: readonly string[];
  readonly serialNumber: string;
}

export interface PkiGround extends Ground {
  issue(fields?: Fields, role?: string): Promise<Issued>;
  /** A certificate that Vault gives to anybody. */
  issuer(mount: string, name: string): Promise<string>;
  /** What stands at an address that a certificate names. */
  fetch(address: string, body?: Uint8Array): Promise<Uint8Array>;
  as(operator: "deployer" | "secretAdmin"): Promise<VaultClient>;
  close(): Promise<void>;
}

/** The reference declaration's own secret is never put: it is not what is looked at. */
export const withoutSecrets: Edit = {
  namespaces: { llm: { services: { "llm-gateway": { secrets: undefined } } } },
};

/** A CA of generations, and the gateway's certificate with edits. */
export function withPki(
  generations: { readonly root?: number; readonly intermediate?: number } = {},
  certificate: Edit = {},
): Edit {
  const { root = 1, intermediate = 1 } = generations;
  return {
    pki: {
      domains: [domain],
      root: { commonName: "Voyager Test Root", ttl: "87600h", generation: root },
      intermediate: { commonName: "Voyager Test Intermediate", ttl: "43800h", generation: intermediate },
    },
    namespaces: {
      llm: {
        services: {
          "llm-gateway": {
            certificates: { "gateway-tls": { commonName: gateway, ttl: "1h", ...certificate } },
          },
        },
      },
    },
  };
}

export async function pkiGround(): Promise<PkiGround> {
  const sandbox = await useSandbox();
  const vault = await rootVault(sandbox);
  const agent = new Agent({ connect: { ca: sandbox.vault.caPem } });
  return {
    engine: directEngine("the tests' own", projectFolder),
    sandbox,
    vault,
    issue: async (fields = { common_name: gateway }, role = gatewayRole) => {
      const { data = {} } = await vault.write(`pki-int/issue/${role}`, fields);
      return {
        certificate: String(data.certificate),
        chain: (data.ca_chain as readonly unknown[]).map(String),
        serialNumber: String(data.serial_number),
      };
    },
    issuer: async (mount, name) => String((await vault.read(`${mount}/issuer/${name}/json`))?.certificate),
    fetch: async (address, body) => {
      const answer = await request(address, {
        dispatcher: agent,
        ...(body === undefined
          ? {}
          : { method: "POST", body, headers: { "content-type": "application/ocsp-request" } }),
      });
      return new Uint8Array(await answer.body.arrayBuffer());
    },
    as: (operator) => operatorVault(sandbox, operator),
    close: async () => {
      await Promise.all([vault.close(), agent.close()]);
    },
  };
}

async function operatorVault(
  { vault: { address, caPem, tokens } }: RunningSandbox,
  operator: "deployer" | "secretAdmin",
): Promise<VaultClient> {
  return new VaultClient({ address, caPem, token: await readState(tokens[operator]) });
}
