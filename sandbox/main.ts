import { Command, CommanderError, Option } from "commander";
import { runDown, runReset } from "./commands/down.ts";
import { envUsers, runEnv } from "./commands/env.ts";
import { notUpExitCode, runStatus } from "./commands/status.ts";
import { runUp } from "./commands/up.ts";
import { defaultPortBase } from "./processes/ports.ts";
import { runToolchainCommand } from "./toolchain/main.ts";

const usageExitCode = 2;

const help = `
Examples:
  npm run sandbox -- up                      start it, or repair what was killed
  npm run sandbox -- status --json           for programs
  eval "$(npm run -s sandbox -- env)"        let vault and kubectl in this shell use it
  eval "$(npm run -s sandbox -- env --as auditor)"   with an auditor's rights in both, and no more

Environment:
  SANDBOX_STATE      folder of the state (default: .sandbox in the repository)
  SANDBOX_PORT_BASE  first of 40 ports on 127.0.0.1, read at the first up (default: ${defaultPortBase})

Exit codes: 0 done; 1 failed; ${usageExitCode} wrong usage; ${notUpExitCode} status: not all of it is up.`;

function sandboxProgram(): Command {
  const program = new Command("sandbox")
    .description("A real Vault cluster and Kubernetes API on this machine's loopback.")
    .addHelpText("after", help)
    .exitOverride();
  program
    .command("up")
    .description("start the sandbox, or what of it does not run; build missing servers")
    .action(runUp);
  program
    .command("status")
    .description("show each process: pid, address, state, resident memory")
    .option("--json", "print JSON instead of a table")
    .action(runStatus);
  program
    .command("env")
    .description("print export lines: VAULT_ADDR, VAULT_CACERT, VAULT_TOKEN, KUBECONFIG")
    .addOption(
      new Option(
        "--as <who>",
        "operator: in Vault secret-admin and auditor, in Kubernetes the administrator; admin: the latter alone",
      )
        .choices(envUsers)
        .default("operator"),
    )
    .action(runEnv);
  program.command("down").description("end its processes; the data stay").action(runDown);
  program.command("reset").description("end its processes and delete all of its data").action(runReset);
  program
    .command("toolchain")
    .description("show where each server's binary comes from; build missing ones")
    .action(runToolchainCommand);
  return program;
}

try {
  await sandboxProgram().parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : usageExitCode; // commander has printed what is wrong
  } else {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
