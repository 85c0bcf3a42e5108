import { Command } from "commander";
import { DEFAULT_STACK } from "../command-line.ts";
import { exitCodeOf } from "../exit-code.ts";
import { namingCommands } from "../known-commands.ts";
import { breakGlass, reads, rotations, who } from "./commands.ts";

const LOGS = `
Logs are audit devices of any Vault nodes and audit logs of any API servers, as they are, rotated, or compressed (gzip, zstd);
a request that stands in several is one row. Without --vault-log and --kubernetes-log, or as the file -, standard input is
read. What Vault hashed stays hashed. Torn lines and lines of other kinds are skipped and counted.
Exit code: 0 answered, 1 the question or a log is at fault; then the message says which and why.`;

const VALUE = `
--match-value asks for a value (hidden prompt, or standard input where that is no terminal), lets each audit device of Vault
hash it (sys/audit-hash), and keeps the entries that carry such a hash, with the place where they do. Neither the value nor a
hash is printed. Vault is reached as by its own CLI: VAULT_ADDR, VAULT_CACERT, VAULT_TOKEN, else the stack's address; the token
needs read and sudo on sys/audit, and update on sys/audit-hash/<device>.`;

const EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  reads: [
    "npm run audit -- reads llm/openai --vault-log audit.log audit.log.1.gz --kubernetes-log kube-audit*.log",
    "npm run audit -- reads llm/openai --since 24h --vault-log audit.log",
    "npm run -s audit -- reads kv/data/other/path --json < audit.log | jq -r '.rows[].who.name' | sort -u",
    "pass show openai | npm run audit -- reads --match-value --vault-log audit.log",
  ],
  rotations: [
    "npm run audit -- rotations --since 168h --vault-log audit.log --kubernetes-log kube-audit.log",
  ],
  who: [
    "npm run audit -- who llm/vault-store --vault-log audit.log --kubernetes-log kube-audit.log",
    "npm run audit -- who alice --since 2026-11-24T00:00:00Z --vault-log audit.log",
  ],
  "break-glass": ["npm run audit -- break-glass --since 720h --vault-log /var/log/vault/audit.log*"],
};

function program(): Command {
  const audit = new Command("npm run audit --")
    .description("Who read, changed and revoked what: answers from the audit logs of Vault and Kubernetes")
    // A value after = would be one that somebody typed for --match-value.
    .configureOutput({ outputError: (text, write) => write(text.replace(/=[^']*'/, "=...'")) })
    .exitOverride();
  query(
    audit,
    "reads",
    "who read a KV path, in Vault and as the Kubernetes Secrets written from it, or was refused",
  )
    .argument(
      "[path]",
      "declared path (llm/openai), or any as <mount>/data/<path>; may be absent with --match-value",
    )
    .action(async (path: string | undefined, options) => {
      process.exitCode = await reads(path, options);
    });
  query(
    audit,
    "rotations",
    "new versions and other changes of secrets, rotations by engines, and the Kubernetes Secrets after them",
  ).action(async (options) => {
    process.exitCode = await rotations(options);
  });
  query(audit, "who", "everything that one identity did")
    .argument(
      "<identity>",
      "<namespace>/<service account>, an operator's display name, entity id or Kubernetes user, or a role of Vault's",
    )
    .action(async (name: string, options) => {
      process.exitCode = await who(name, options);
    });
  query(
    audit,
    "break-glass",
    "uses of break-glass and root tokens, revocations, destroyed secrets, changed policies and audit devices",
  ).action(async (options) => {
    process.exitCode = await breakGlass(options);
  });
  return namingCommands(audit);
}

function query(audit: Command, name: string, description: string): Command {
  return audit
    .command(name)
    .description(description)
    .option(
      "-s, --stack <name>",
      "stack, whose Pulumi.<name>.yaml says which Secrets hold which path",
      DEFAULT_STACK,
    )
    .option(
      "--since <when>",
      "a duration before now (24h) or an RFC 3339 time; entries written before are left out",
    )
    .option("--vault-log <file...>", "logs of Vault's audit devices")
    .option("--kubernetes-log <file...>", "audit logs of the API servers")
    .option("--match-value", "only entries that carry a value, which is asked for and not shown")
    .option(
      "--json",
      "one JSON document with all rows, for other programs (npm's own lines go away with: npm run -s)",
    )
    .addHelpText(
      "after",
      [LOGS, VALUE, "\nExamples:", ...(EXAMPLES[name] ?? []).map((line) => `  ${line}`)].join("\n"),
    );
}

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  process.exit(error.code === "EPIPE" ? 0 : 1); // whoever read the output has seen enough (head), or the disk is full
});

try {
  await program().parseAsync();
} catch (error) {
  process.exitCode = exitCodeOf(error);
  process.stdin.destroy(); // it may be a pipe that nobody closes
}
