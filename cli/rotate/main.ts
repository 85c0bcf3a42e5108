import { Command, CommanderError } from "commander";
import { DEFAULT_STACK } from "../command-line.ts";
import { exitCodeOf } from "../exit-code.ts";
import { namingCommands } from "../known-commands.ts";
import { history, NEEDS_ATTENTION, now, put, status } from "./commands.ts";
import { NO_NEW_KEY } from "./now.ts";

const STACK = [
  "-s, --stack <name>",
  "stack, whose Pulumi.<name>.yaml declares the keys",
  DEFAULT_STACK,
] as const;
const CONTEXT = ["--context <name>", "kubeconfig context (default: the stack's)"] as const;
const JSON_OUTPUT = [
  "--json",
  "print JSON, for other programs (npm's own lines go away with: npm run -s)",
] as const;
/** Without it the command says which there are. */
const KEY = ["[key]", "name under rotation.keys (required)"] as const;

const VAULT = `
Vault is reached as its own CLI does: VAULT_ADDR, VAULT_CACERT and VAULT_TOKEN, else the stack's vault.address and
caCertificate, and the token in ~/.vault-token. In the sandbox: eval "$(npm run -s sandbox -- env)"`;

const CLUSTER = `
Kubernetes is reached by KUBECONFIG, else ~/.kube/config, with the stack's kubernetes.context or --context.
docs/rotation.md#who-may-do-what has the rights that each command needs.`;

const STATUS_HELP = `
Reads metadata alone, and the CronJobs and Jobs where they may be seen; without them it says so. Overdue is a key whose run
should have replaced it an hour ago or longer.
Exit code: 0 all is well, ${NEEDS_ATTENTION} a key is overdue or the last run of its Jobs failed, 1 it could not be found out.

Examples:
  npm run rotate -- status
  npm run -s rotate -- status --stack prod --json | jq -r '.keys[] | select(.overdueSince).key'
${VAULT}
${CLUSTER}`;

const NOW_HELP = `
Makes a Job of the CronJob rotate-<key>, as kubectl create job --from does, and follows it to its end. Refused while one runs,
and while the overlap of the previous key does, unless with --despite-overlap. What an earlier run left unfinished is ended, and no other begun.
Exit code: 0 a new key is current, ${NO_NEW_KEY} the run ended well without one (another run was at work),
3 Vault or Kubernetes, 4 the provider, 5 the new key was refused, 6 somebody changed a secret meanwhile, 7 a consumer has not
synced, 8 a key has to be put first, 1 anything else.

Examples:
  npm run rotate -- now openai-llm
  npm run rotate -- now openai-llm --stack prod --context voyager-prod-deployer
${VAULT}
${CLUSTER}`;

const HISTORY_HELP = `
What the rotator remembers beside the versions that Vault's KV keeps; it reads metadata alone. With --vault-log also who wrote
each version, and by which request.

Examples:
  npm run rotate -- history openai-llm
  npm run rotate -- history openai-llm --vault-log /var/log/vault/audit.log*
${VAULT}`;

const PUT_HELP = `
For providers that make no keys (kind: manual). The key comes from a hidden prompt, or from standard input where that is not a
terminal, less one trailing newline; never from an argument. No consumer reads it until a run has tested and promoted it. One
that waits already is replaced, and has to be archived at the provider. If a run begins meanwhile, nothing is written.

Examples:
  npm run rotate -- put anthropic
  pass show anthropic-new | npm run rotate -- put anthropic
${VAULT}`;

const ARGUMENT_VALUE =
  "A key is never an argument: it would stay in the shell's history. If you typed one, replace it at its provider.";

function program(): Command {
  const rotate = new Command("npm run rotate --")
    .description("Provider keys that change by themselves: how they stand, and what a person does about them")
    .configureOutput({ outputError: (text, write) => write(text.replace(/=[^']*'/, "=...'")) })
    .exitOverride();
  rotate
    .command("status")
    .description("how every declared key stands: generation, next run, previous key, last failure")
    .argument("[key]", "that key alone")
    .option(...STACK)
    .option(...CONTEXT)
    .option(...JSON_OUTPUT)
    .addHelpText("after", STATUS_HELP)
    .action(async (key: string | undefined, options) => {
      process.exitCode = await status(key, options);
    });
  rotate
    .command("now")
    .description("rotate a key at once, and follow it")
    .argument(...KEY)
    .option(...STACK)
    .option(...CONTEXT)
    .option("--despite-overlap", "also while the previous key is valid: the current one has leaked")
    .addHelpText("after", NOW_HELP)
    .action(async (key: string | undefined, options) => {
      process.exitCode = await now(key, options);
    });
  rotate
    .command("history")
    .description("a key's versions: when promoted, by which Job, when revoked")
    .argument(...KEY)
    .option(...STACK)
    .option("--vault-log <file...>", "logs of Vault's audit devices")
    .option(...JSON_OUTPUT)
    .addHelpText("after", HISTORY_HELP)
    .action(async (key: string | undefined, options) => {
      process.exitCode = await history(key, options);
    });
  rotate
    .command("put")
    .description("supply a new key that its provider made for you")
    .argument(...KEY)
    .option(...STACK)
    .option(
      "--id <id>",
      "the provider's id of the key, by which it is revoked (where the provider declares revoke)",
    )
    .addHelpText("after", PUT_HELP)
    .action(async (key: string | undefined, options) => {
      process.exitCode = await put(key, options);
    });
  return namingCommands(rotate);
}

try {
  await program().parseAsync();
} catch (error) {
  if (mayHoldValue(error)) console.error(ARGUMENT_VALUE);
  process.exitCode = exitCodeOf(error, "Ended by you.");
}

function mayHoldValue(error: unknown): boolean {
  return (
    error instanceof CommanderError &&
    ["commander.excessArguments", "commander.unknownOption"].includes(error.code)
  );
}
