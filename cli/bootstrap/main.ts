import { Command, Option } from "commander";
import { operators } from "../../access/operators/names.ts";
import { DEFAULT_STACK } from "../command-line.ts";
import { exitCodeOf } from "../exit-code.ts";
import { namingCommands } from "../known-commands.ts";
import { apply, policy, SOMETHING_DIFFERS, token } from "./commands.ts";

const STACK = [
  "-s, --stack <name>",
  "stack, whose Pulumi.<name>.yaml declares the operators",
  DEFAULT_STACK,
] as const;

const CONNECTION = `
Vault is reached as its own CLI does: VAULT_ADDR, VAULT_CACERT and VAULT_TOKEN, else the stack's vault.address and
caCertificate, and the token in ~/.vault-token. Kubernetes: the context that the stack names, by KUBECONFIG or ~/.kube/config.`;

const APPLY_HELP = `
Sets up in Vault the operators' policies, the groups by which break-glass denies a path and, as declared in the stack's
section operators, the JWT roles of CI and the OIDC roles of people; in Kubernetes their ClusterRoles, bindings and admission
policies. Run it again whenever the declaration gains a namespace, service, mount or audit device: nothing that is right
already is touched, and nothing that break-glass denies is lifted. Every right that it takes is asked for before the first
change, and everything written is read back.

The secret of the OIDC client is asked for without echo when Vault has none yet, or read from standard input; never from an
argument, which the shell's history and the process list would keep.

Exit code: 0 all is as declared, ${SOMETHING_DIFFERS} with --plan something is not, 1 an error.

Examples:
  npm run bootstrap -- apply -s dev --plan                                 what would be done
  npm run bootstrap -- apply -s dev
  pass show vault/oidc | npm run bootstrap -- apply -s dev --client-secret
${CONNECTION}`;

const POLICY_HELP = `
Examples:
  npm run -s bootstrap -- policy deployer -s dev | vault policy write vault-management.dev.deployer -
  npm run -s bootstrap -- policy --kubernetes -s dev | kubectl apply --server-side --dry-run=server -f -`;

const TOKEN_HELP = `
For places without CI: a token with an operator's policy alone, that no other token's end takes along and that cannot be
renewed beyond its life. It is written to a new file, 0600, and never shown.

Examples:
  npm run bootstrap -- token deployer -s dev --ttl 1h --out deployer-token
  VAULT_TOKEN=$(cat deployer-token) pulumi up -s dev
  npm run bootstrap -- token break-glass -s dev --out break-glass-token
${CONNECTION}`;

function program(): Command {
  const bootstrap = new Command("npm run bootstrap --")
    .description(
      "Sets up who may deploy, preview, audit, put secrets and break the glass: by a person with all rights, once and after changes",
    )
    .exitOverride();
  bootstrap
    .command("apply")
    .description("bring operators' policies, roles and logins to what the stack declares")
    .option(...STACK)
    .option("--plan", "only show what would be done")
    .option("--client-secret", "set the OIDC client's secret, from a hidden prompt or standard input")
    .addOption(new Option("--vault-only", "leave Kubernetes alone").conflicts("kubernetesOnly"))
    .option("--kubernetes-only", "leave Vault alone")
    .option("--json", "print JSON, for other programs (npm's own lines go away with: npm run -s)")
    .addHelpText("after", APPLY_HELP)
    .action(async (options) => {
      process.exitCode = await apply(options);
    });
  bootstrap
    .command("policy")
    .description("print a generated policy of Vault, or the manifests of Kubernetes; asks no server")
    .argument("[operator]", operators.join(" | "))
    .option(...STACK)
    .option("--kubernetes", "the manifests of all declared operators, as YAML")
    .addHelpText("after", POLICY_HELP)
    .action(async (operator: string | undefined, options) => {
      process.exitCode = await policy(operator, options);
    });
  bootstrap
    .command("token")
    .description("issue a short-lived token of an operator into a file")
    .argument("<operator>", operators.join(" | "))
    .option(...STACK)
    .option("--ttl <duration>", "life of the token: 1h, at most 24h; of break-glass 15m and no more")
    .requiredOption("--out <file>", "new file for the token")
    .addHelpText("after", TOKEN_HELP)
    .action(async (operator: string, options) => {
      process.exitCode = await token(operator, options);
    });
  return namingCommands(bootstrap);
}

try {
  await program().parseAsync();
} catch (error) {
  process.exitCode = exitCodeOf(error, "Ended by you: nothing was changed.");
}
