import type { Command } from "commander";

/** Has a program that is called in a wrong way name its commands; to be called once it has them all, which have their own help. */
export function namingCommands(program: Command): Command {
  const names = program.commands.map((command) => command.name());
  return program.showHelpAfterError(`Commands: ${names.join(", ")}. More: ${program.name()} --help`);
}
