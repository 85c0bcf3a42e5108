import { Command, Option } from "commander";
import { DEFAULT_STACK } from "../command-line.ts";
import { exitCodeOf } from "../exit-code.ts";
import { namingCommands } from "../known-commands.ts";
import { drill } from "./drill.ts";
import { list } from "./list.ts";
import { restore } from "./restore.ts";
import { revoke } from "./revoke.ts";
import { PARTLY, StopError } from "./runner.ts";

const STACK = [
  "-s, --stack <name>",
  "stack, whose Pulumi.<name>.yaml declares the path",
  DEFAULT_STACK,
] as const;
const CONTEXT = ["--context <name>", "kubeconfig context (default: the stack's)"] as const;
const JSON_OUTPUT = [
  "--json",
  "print JSON, for other programs (npm's own lines go away with: npm run -s)",
] as const;

const CODES = `
Exit code: 0 all is done, ${PARTLY} some is not (a list says what, and what to do about it), 1 nothing was done.`;

const ACCESS = `
Vault is reached as its own CLI does: VAULT_ADDR, VAULT_CACERT and VAULT_TOKEN, else the stack's vault.address and
caCertificate, and the token in ~/.vault-token. Kubernetes is reached by KUBECONFIG, else ~/.kube/config, with the stack's
kubernetes.context or --context; without it the rest is done. In the sandbox: eval "$(npm run -s sandbox -- env --as break-glass)"`;

const REVOKE_HELP = `
Shows who reads the path, which Secrets hold it and what will stop; asks for the path to be typed once; then denies it to
every reader at once, ends their tokens, revokes the keys at their provider (--provider), destroys every version, deletes the
Secrets, and looks again. What was done is in Vault's memory and in the evidence file break-glass-<environment>-<id>.json.
The same command again finishes what a run left, whatever it died of: no step does harm when it is done twice.
${CODES}

Examples:
  npm run break-glass -- revoke llm/openai --plan                   what it would do
  npm run break-glass -- revoke llm/openai --provider
  npm run break-glass -- revoke llm/openai --freeze llm             and turn off every login of the namespace
  npm run -s break-glass -- revoke llm/openai --yes-i-mean llm/openai --json
${ACCESS}`;

const RESTORE_HELP = `
Lifts the denial, lets frozen logins in and has ESO read at once, when a new value stands at the path (npm run secrets -- put).
It takes the role break-glass-restore, and refuses an evidence file that was edited or is another stack's.
${CODES}

Examples:
  npm run break-glass -- restore 20261127-031405
  npm run break-glass -- restore break-glass-dev-20261127-031405.json
${ACCESS}`;

const DRILL_HELP = `
Stores a throwaway value where nobody reads, denies it to every login of the stack and lifts that again, looks at every token
and ends none, lists keys at their providers and revokes none, destroys the throwaway's versions, has the API server try the
deletion of each Secret without doing it. Under the same rights, so that it shows what would be missing.
${CODES}

Examples:
  npm run break-glass -- drill
  npm run -s break-glass -- drill --stack prod --json | jq '.steps[] | {id, milliseconds}'
${ACCESS}`;

interface Flags {
  readonly stack: string;
  readonly context?: string;
  readonly json?: true;
  readonly restore?: string;
  readonly drill?: true;
}

function program(): Command {
  const breakGlass = new Command("npm run break-glass --")
    .description("Takes access to one path away, at once and for good; and gives it back")
    .option(...STACK)
    .option(...CONTEXT)
    .option(...JSON_OUTPUT)
    .option("--restore <id>", "the same as: restore <id>")
    .option("--drill", "the same as: drill")
    .enablePositionalOptions()
    .addHelpText("after", CODES)
    .exitOverride()
    .action(async ({ restore: id, drill: rehearse, ...options }: Flags) => {
      if (id !== undefined) process.exitCode = await restore(id, options);
      else if (rehearse) process.exitCode = await drill(options);
      else breakGlass.help({ error: true });
    });
  breakGlass
    .command("revoke")
    .description("take a declared path away from all its readers")
    .argument("[path]", "declared path below the mount, e.g. llm/openai")
    .option(...STACK)
    .option(...CONTEXT)
    .option("--provider", "revoke the keys at their provider as well, current and previous")
    .option("--freeze <name>", "turn off the logins of a namespace or service as well")
    .option("--plan", "show what would be done, and do nothing")
    .addOption(
      new Option("--restore <id>", "the same as: restore <id>").conflicts(["provider", "freeze", "plan"]),
    )
    .option("--yes-i-mean <path>", "the path once more, instead of being asked for it")
    .option(...JSON_OUTPUT)
    .addHelpText("after", REVOKE_HELP)
    .action(async (path: string | undefined, { restore: id, ...options }) => {
      if (id !== undefined) process.exitCode = await restore(id, options);
      else if (path !== undefined) process.exitCode = await revoke(path, options);
      else breakGlass.error("Which path? npm run break-glass -- revoke <path>. Nothing was done.");
    });
  breakGlass
    .command("restore")
    .description("give access back, once a new value is stored")
    .argument("<id|file>", "incident, or its evidence file")
    .option(...STACK)
    .option(...CONTEXT)
    .option(...JSON_OUTPUT)
    .addHelpText("after", RESTORE_HELP)
    .action(async (named: string, options) => {
      process.exitCode = await restore(named, options);
    });
  breakGlass
    .command("drill")
    .description("rehearse on a throwaway path, and say how long each part took")
    .option(...STACK)
    .option(...CONTEXT)
    .option(...JSON_OUTPUT)
    .addHelpText("after", DRILL_HELP)
    .action(async (options) => {
      process.exitCode = await drill(options);
    });
  breakGlass
    .command("list")
    .description("incidents that are open, and that were")
    .option(...STACK)
    .option(...JSON_OUTPUT)
    .action(async (options) => {
      process.exitCode = await list(options);
    });
  return namingCommands(breakGlass);
}

try {
  await program().parseAsync();
} catch (error) {
  const code = exitCodeOf(error, "Ended by you: nothing was done.");
  process.exitCode = error instanceof StopError ? PARTLY : code;
}
