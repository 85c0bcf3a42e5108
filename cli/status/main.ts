import { Command } from "commander";
import { DEFAULT_STACK } from "../command-line.ts";
import { exitCodeOf } from "../exit-code.ts";
import { status } from "./commands.ts";

const HELP = `
What is wrong comes first, with the command to run next and the runbook's section. What cannot be seen is said, and hides
nothing else. Reads names, numbers and times alone, with an auditor's rights in Vault and Kubernetes; no Secret, no value.
Exit code: 0 all is well, 2 something is wrong or could not be seen, 1 neither Vault nor Kubernetes could be looked at.

Examples:
  npm run status
  npm run status -- --watch --interval 10s
  npm run status -- --stack prod --context voyager-prod-auditor --prometheus http://127.0.0.1:9090
  npm run -s status -- --json | jq -r '.findings[] | "\\(.severity) \\(.text)"'

Vault is reached as its own CLI does: VAULT_ADDR, VAULT_CACERT and VAULT_TOKEN, else the stack's vault.address and
caCertificate, and the token in ~/.vault-token. Kubernetes by KUBECONFIG, else ~/.kube/config, with the stack's
kubernetes.context or --context. In the sandbox: eval "$(npm run -s sandbox -- env --as auditor)"`;

function program(): Command {
  return new Command("npm run status --")
    .description("How everything stands, on one screen: Vault, ESO, secrets, rotations, certificates, alerts")
    .option(
      "-s, --stack <name>",
      "stack, whose Pulumi.<name>.yaml declares what there should be",
      DEFAULT_STACK,
    )
    .option("--context <name>", "kubeconfig context (default: the stack's)")
    .option(
      "--prometheus <url>",
      "Prometheus that evaluates the alerts (default: the stack's monitoring.prometheusAddress)",
    )
    .option("--watch", "look again and again, until Ctrl-C")
    .option("--interval <duration>", "pause between two looks with --watch, e.g. 10s or 1m", "5s")
    .option("--json", "print JSON, with --watch a line each time (npm's own lines go away with: npm run -s)")
    .addHelpText("after", HELP)
    .exitOverride()
    .action(async (options) => {
      process.exitCode = await status(options);
      // A look that was under way when a person ended the watch would hold the process until its requests have timed out.
      if (options.watch) process.exit();
    });
}

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  process.exit(error.code === "EPIPE" ? 0 : 1); // whoever read the output has seen enough (head), or the disk is full
});

try {
  await program().parseAsync();
} catch (error) {
  process.exitCode = exitCodeOf(error);
}
