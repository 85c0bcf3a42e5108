import { Command, Option } from "commander";
import { DEFAULT_STACK } from "../command-line.ts";
import { exitCodeOf } from "../exit-code.ts";
import { diff, live, type Output, SOMETHING_DIFFERS, show } from "./commands.ts";

const HELP = `
Without --live or --diff it asks nobody: it shows what the stack's file declares.

--live logs in as every declared service account, as its SecretStore does, and asks Vault what that login may do at every
declared path and around it. It reads no value, and ends each login. It needs the auditor's Vault token (VAULT_TOKEN, or
~/.vault-token; VAULT_ADDR and VAULT_CACERT come before the stack's own) and the auditor's kubeconfig (KUBECONFIG).

--diff reads the stack's file as git has it at a commit, branch or tag, and says in words who may read more or less.

Exit code: 0 (with --diff also when there are changes), ${SOMETHING_DIFFERS} --live found a difference, 1 it could not be found out.

Examples:
  npm run access
  npm run access -- --path llm/openai                     who can read it
  npm run -s access -- --stack prod --json | jq -r '.logins[].role'
  npm run access -- --live --context voyager-dev-auditor
  npm run access -- --diff origin/main
  npm run -s access -- --diff HEAD^1 --markdown           for a pull request`;

interface Options extends Output {
  readonly namespace?: string;
  readonly path?: string;
  readonly live?: true;
  readonly context?: string;
  readonly diff?: string;
}

function program(): Command {
  return new Command("npm run access --")
    .description("Who can read what in Vault: as declared, as Vault says itself, or since a commit")
    .option("-s, --stack <name>", "stack, whose Pulumi.<name>.yaml declares it", DEFAULT_STACK)
    .option("-n, --namespace <name>", "show this namespace alone")
    .option("-p, --path <path>", "show who can read this KV path, e.g. kv/llm/openai")
    .addOption(
      new Option("--live", "ask Vault, as every declared login").conflicts(["diff", "namespace", "path"]),
    )
    .option("--context <name>", "with --live: the auditor's kubeconfig context (default: the stack's)")
    .addOption(
      new Option("--diff <ref>", "compare with the file at a git ref").conflicts(["namespace", "path"]),
    )
    .addOption(new Option("--json", "print JSON (npm's own lines go away with: npm run -s)"))
    .addOption(new Option("--markdown", "print Markdown").conflicts("json"))
    .allowExcessArguments(false)
    .addHelpText("after", HELP)
    .exitOverride()
    .action(async (options: Options) => {
      process.exitCode = await run(options);
    });
}

function run(options: Options): Promise<number> {
  if (options.live) return live(options);
  return options.diff === undefined ? show(options) : diff(options.diff, options);
}

try {
  await program().parseAsync();
} catch (error) {
  process.exitCode = exitCodeOf(error);
}
