import { Command, CommanderError } from "commander";
import { DEFAULT_STACK } from "../command-line.ts";
import { exitCodeOf } from "../exit-code.ts";
import { namingCommands } from "../known-commands.ts";
import { list, missing, put, SOMETHING_MISSING } from "./commands.ts";

const STACK = [
  "-s, --stack <name>",
  "stack, whose Pulumi.<name>.yaml declares the paths",
  DEFAULT_STACK,
] as const;
const JSON_OUTPUT = [
  "--json",
  "print JSON, for other programs (npm's own lines go away with: npm run -s)",
] as const;

const CONNECTION = `
Vault is reached as its own CLI does: VAULT_ADDR, VAULT_CACERT and VAULT_TOKEN, else the stack's vault.address and
caCertificate, and the token in ~/.vault-token. In the sandbox: eval "$(npm run -s sandbox -- env)"`;

const PUT_HELP = `
A value comes from a hidden prompt, or from standard input where that is not a terminal; never from an argument, which the
shell's history and the process list would keep. Other properties of the secret stay as they are. If somebody else writes
meanwhile, nothing is written and the command says so.

Standard input is a JSON map of property to text; with --property it is that property's bare text, less one trailing newline.

Examples:
  npm run secrets -- put llm/openai                                       asks for each declared property
  npm run secrets -- put llm/openai --property api_key < key.txt
  pass show openai | npm run secrets -- put llm/openai --property api_key
  jq '{api_key: .key}' export.json | npm run secrets -- put llm/openai
${CONNECTION}`;

const MISSING_HELP = `
Exit code: 0 nothing is missing, ${SOMETHING_MISSING} something is, 1 it could not be found out.
Reads metadata and property names only; it needs read on <mount>/metadata/<path> and <mount>/subkeys/<path>.

Examples:
  npm run secrets -- missing
  npm run -s secrets -- missing --stack prod --json | jq -r '.missing[].path'
${CONNECTION}`;

const LIST_HELP = `
Reads metadata only; it needs read on <mount>/metadata/<path>.

Examples:
  npm run secrets -- list
  npm run -s secrets -- list --stack prod --json
${CONNECTION}`;

const ARGUMENT_VALUE =
  "A value is never an argument: it would stay in the shell's history. If you typed one, replace it at its source.";

function program(): Command {
  const secrets = new Command("npm run secrets --")
    .description(
      "First values: put what the stack's ExternalSecrets read into Vault's KV, and see what is absent",
    )
    .configureOutput({ outputError: (text, write) => write(text.replace(/=[^']*'/, "=...'")) })
    .exitOverride();
  secrets
    .command("missing")
    .description("name the declared values that Vault does not hold")
    .option(...STACK)
    .option(...JSON_OUTPUT)
    .addHelpText("after", MISSING_HELP)
    .action(async (options) => {
      process.exitCode = await missing(options);
    });
  secrets
    .command("put")
    .description("put values of one declared path, from standard input or a hidden prompt")
    .argument("<path>", "declared path below the mount, e.g. llm/openai, or with it: kv/llm/openai")
    .option(...STACK)
    .option("-m, --mount <mount>", "KV mount, where the path is declared in several")
    .option("-p, --property <name>", "put this property alone")
    .addHelpText("after", PUT_HELP)
    .action(async (path: string, options) => {
      process.exitCode = await put(path, options);
    });
  secrets
    .command("list")
    .description("list the declared paths with their newest version")
    .option(...STACK)
    .option(...JSON_OUTPUT)
    .addHelpText("after", LIST_HELP)
    .action(async (options) => {
      process.exitCode = await list(options);
    });
  return namingCommands(secrets);
}

try {
  await program().parseAsync();
} catch (error) {
  if (mayHoldValue(error)) console.error(ARGUMENT_VALUE);
  process.exitCode = exitCodeOf(error, "Ended by you: nothing was written.");
}

function mayHoldValue(error: unknown): boolean {
  return (
    error instanceof CommanderError &&
    ["commander.excessArguments", "commander.unknownOption"].includes(error.code)
  );
}
