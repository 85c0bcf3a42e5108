import * as pulumi from "@pulumi/pulumi";
import { declareStack, type StackArgs } from "../../components/stack.ts";
import { PROJECT } from "../../config/stack-file.ts";
import { type Fields, fieldsOf, unwrapped } from "../../resources/values.ts";
import type { Declared } from "./finding.ts";

/** Begins what stands for the id of an issuer, which only Vault knows; its `<mount>/<name>` follows. */
export const ISSUER_ID = "the id of issuer ";

/** Where a resource's inputs come from another's outputs that a server makes up: what stands for those. */
const OUTPUTS: Readonly<Record<string, (name: string, inputs: Fields) => Fields>> = {
  "random:index/randomPassword:RandomPassword": () => ({ result: "a generated value" }),
  "vault:pkiSecret/secretBackendRootCert:SecretBackendRootCert": (name) => certificateOf(name),
  "vault:pkiSecret/secretBackendIntermediateCertRequest:SecretBackendIntermediateCertRequest": (name) => ({
    csr: `the request of ${name}`,
  }),
  "vault:pkiSecret/secretBackendRootSignIntermediate:SecretBackendRootSignIntermediate": (name) =>
    certificateOf(name),
  "vault:pkiSecret/secretBackendIntermediateSetSigned:SecretBackendIntermediateSetSigned": (name) => ({
    importedIssuers: [`${ISSUER_ID}${name}`],
  }),
  "vault:pkiSecret/secretBackendIssuer:SecretBackendIssuer": (_, { issuerRef }) => ({ issuerId: issuerRef }),
};

/** What stands for a certificate that Vault has made. */
export const CERTIFICATE = "the certificate of ";

function certificateOf(name: string): Fields {
  return { certificate: `${CERTIFICATE}${name}`, issuingCa: `${CERTIFICATE}the issuer of ${name}` };
}

/**
 * Every resource of a stack with its inputs: the program itself says them, by the seam that Pulumi's SDK has for unit
 * tests. Asks no server. Once at a time in one process.
 */
export async function declaredResources(args: StackArgs): Promise<readonly Declared[]> {
  const declared: Declared[] = [];
  const newResource = ({ type, name, inputs, custom }: pulumi.runtime.MockResourceArgs) => {
    const plain = fieldsOf(unwrapped(inputs));
    if (custom !== false && !type.startsWith("pulumi:")) declared.push({ type, name, inputs: plain });
    return { id: `${name}-id`, state: { ...inputs, ...OUTPUTS[type]?.(name, plain) } };
  };
  const call = ({ inputs }: pulumi.runtime.MockCallArgs) => inputs;
  await pulumi.runtime.setMocks({ newResource, call }, PROJECT, args.settings.environment, false);
  await quietly(async () => {
    declareStack(args);
    await pulumi.runtime.disconnect();
  });
  return declared;
}

/** Without an engine the SDK writes what the program tells to the console: a preview has it, and here it would be output. */
async function quietly(work: () => Promise<void>): Promise<void> {
  const { log, warn } = console;
  console.log = () => {};
  console.warn = () => {};
  try {
    await work();
  } finally {
    Object.assign(console, { log, warn });
  }
}
