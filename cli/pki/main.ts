import { Command } from "commander";
import { exitCodeOf } from "../exit-code.ts";
import { namingCommands } from "../known-commands.ts";
import { csr, revoke } from "./commands.ts";

const STACK = ["-s, --stack <name>", "stack, whose Pulumi.<name>.yaml declares the CA", "dev"] as const;

const CSR_HELP = `
The key is made by pulumi up and never leaves Vault. Have the request signed as a CA, then paste its certificate and those of
all CAs above it at pki.external.signed, and run pulumi up again. It needs update on
<mount>/issuers/generate/intermediate/existing, which a deployer has.

Example:
  npm run -s pki -- csr --stack prod > intermediate.csr`;

const REVOKE_HELP = `
It needs update on <mount>/revoke and read on <mount>/crl/rotate, which a secret-admin has.

Example:
  kubectl get secret gateway-tls -n llm -o 'jsonpath={.data.tls\\.crt}' | base64 -d | openssl x509 -noout -serial
  npm run pki -- revoke 3A5F0142 --stack prod`;

function program(): Command {
  const pki = new Command("npm run pki --").description("The CA's request, and revocation").exitOverride();
  pki
    .command("csr")
    .description("print the request that an outside CA is to sign")
    .option(...STACK)
    .addHelpText("after", CSR_HELP)
    .action(csr);
  pki
    .command("revoke")
    .description("revoke a certificate by its serial number")
    .argument("<serial>", "hexadecimal, with or without colons")
    .option(...STACK)
    .addHelpText("after", REVOKE_HELP)
    .action(revoke);
  return namingCommands(pki);
}

try {
  await program().parseAsync();
} catch (error) {
  process.exitCode = exitCodeOf(error);
}
