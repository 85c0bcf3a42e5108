import { Command, Option } from "commander";
import { DEFAULT_STACK } from "../command-line.ts";
import { exitCodeOf } from "../exit-code.ts";
import { DRIFTED, type DriftOptions, drift, refreshLagging } from "./commands.ts";

const HELP = `
Holds what the stack declares against what Vault and Kubernetes have, field by field, and looks for what stands there under
the stack's names and is declared by nothing. Where a Pulumi CLI is on PATH and its backend has the stack, Pulumi's engine
looks as well (pulumi preview --refresh). Changes nothing and reads no secret value.

The previewer's rights suffice. Vault is reached as its own CLI does: VAULT_ADDR, VAULT_CACERT and VAULT_TOKEN, else the
stack's vault.address and caCertificate, and the token in ~/.vault-token. Kubernetes is reached by KUBECONFIG, else
~/.kube/config.

--nudge is about the other kind of drift: Secrets that are not as fresh as they should be. It compares versions and times, sets
the annotation force-sync on the ExternalSecrets that are not ready, late, or behind Vault, and waits until ESO has come to
them. It takes the right to read metadata in Vault (a secret-admin's or an auditor's) and to patch ExternalSecrets in
Kubernetes (a deployer's).

Exit code: 0 no drift, ${DRIFTED} drift, 1 not all could be looked at; what was seen is printed with it.

Examples:
  npm run drift
  npm run drift -- --stack prod --context voyager-prod-previewer
  npm run -s drift -- --json | jq -r '.findings[].what'
  npm run drift -- --direct                               without Pulumi's engine
  npm run drift -- --nudge --plan                         which would be refreshed, and why
  npm run drift -- --nudge`;

interface Options extends DriftOptions {
  readonly nudge?: true;
  readonly plan?: true;
}

function program(): Command {
  return new Command("npm run drift --")
    .description("What somebody has changed by hand: in Vault and in Kubernetes, against the declaration")
    .option("-s, --stack <name>", "stack, whose Pulumi.<name>.yaml declares it", DEFAULT_STACK)
    .option("--context <name>", "kubeconfig context (default: the stack's)")
    .addOption(new Option("--engine", "look by Pulumi's engine alone").conflicts("direct"))
    .option("--direct", "read back directly alone")
    .addOption(
      new Option(
        "--nudge",
        "have ESO refresh what is not ready, late or behind Vault, and wait for it",
      ).conflicts(["engine", "direct"]),
    )
    .option("--plan", "with --nudge: only say what would be refreshed, and why")
    .option("--json", "print JSON, for other programs (npm's own lines go away with: npm run -s)")
    .allowExcessArguments(false)
    .addHelpText("after", HELP)
    .exitOverride()
    .action(async ({ nudge, ...options }: Options) => {
      if (options.plan && !nudge)
        throw new Error("--plan: goes with --nudge; a search for drift changes nothing");
      process.exitCode = await (nudge ? refreshLagging(options) : drift(options));
    });
}

try {
  await program().parseAsync();
} catch (error) {
  process.exitCode = exitCodeOf(error);
}
