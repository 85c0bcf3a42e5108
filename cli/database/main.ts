import { Command, CommanderError } from "commander";
import { exitCodeOf } from "../exit-code.ts";
import { namingCommands } from "../known-commands.ts";
import { init, rotate, SOMETHING_WRONG, status } from "./commands.ts";

const STACK = [
  "-s, --stack <name>",
  "stack, whose Pulumi.<name>.yaml declares the databases",
  "dev",
] as const;

const INIT_HELP = `
The password of the account that the connection names is asked for without an echo, or taken from standard input where that
is not a terminal; never from an argument, which the shell's history and the process list would keep. Vault logs in with it,
and then changes it. Run it after the first pulumi up, and run pulumi up again afterwards. If it is ended half way, run it
again: where Vault can log in already, nothing is asked for.

It needs read and update on <mount>/config/<connection>, and update on <mount>/rotate-root/<connection>.

Examples:
  npm run database -- init orders
  pass show orders-db | npm run database -- init orders --stack prod`;

const STATUS_HELP = `
Exit code: 0 every connection is ready, ${SOMETHING_WRONG} one is not, 1 it could not be found out.
No password is read. It needs read on <mount>/config/<connection> and <mount>/static-roles/<role>, and update on
<mount>/reset/<connection>, with which Vault logs in anew.

Examples:
  npm run database -- status
  npm run -s database -- status --stack prod --json | jq -r '.[] | select(.state != "ready").name'`;

const ROTATE_HELP = `
The password before is refused at once, and consumers fail until their Secret has the new one. With accounts: alternating
rotate the one of the two that was changed longer ago, which nobody uses any more, and once the Secret has turned to it the
other as well: else the next scheduled turn may be that of the one in use.

It needs update on <mount>/rotate-role/<role>.

Example:
  npm run database -- rotate orders/app`;

const ARGUMENT_PASSWORD =
  "A password is never an argument: it would stay in the shell's history. If you typed one, change it in the database.";

function program(): Command {
  const database = new Command("npm run database --")
    .description("The database engine's connections: first password, state, rotation")
    .configureOutput({ outputError: (text, write) => write(text.replace(/=[^']*'/, "=...'")) })
    .exitOverride();
  database
    .command("init")
    .description("give Vault the first password of a connection's account, and have it changed")
    .argument("<connection>", "as declared, e.g. orders")
    .option(...STACK)
    .addHelpText("after", INIT_HELP)
    .action(init);
  database
    .command("status")
    .description("whether Vault can work with each database, and when static roles change")
    .option(...STACK)
    .option("--json", "print JSON, for other programs (npm's own lines go away with: npm run -s)")
    .addHelpText("after", STATUS_HELP)
    .action(async (options) => {
      process.exitCode = await status(options);
    });
  database
    .command("rotate")
    .description("change the password of a static role now")
    .argument("<role>", "<connection>/<role>, as Vault has it, e.g. orders/app or orders/app-b")
    .option(...STACK)
    .addHelpText("after", ROTATE_HELP)
    .action(rotate);
  return namingCommands(database);
}

try {
  await program().parseAsync();
} catch (error) {
  if (mayHoldPassword(error)) console.error(ARGUMENT_PASSWORD);
  process.exitCode = exitCodeOf(error, "Ended by you: nothing was changed.");
}

function mayHoldPassword(error: unknown): boolean {
  return (
    error instanceof CommanderError &&
    ["commander.excessArguments", "commander.unknownOption"].includes(error.code)
  );
}
