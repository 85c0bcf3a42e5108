import { Command } from "commander";
import { expect, it } from "vitest";
import { namingCommands } from "../../../cli/known-commands.ts";

it("an unknown command is answered with those that there are", () => {
  const written: string[] = [];
  const program = new Command("npm run fruit --")
    .exitOverride()
    .configureOutput({ writeErr: (text) => written.push(text) });
  program.command("peel");
  program.command("slice");
  expect(() => namingCommands(program).parse(["get", "x"], { from: "user" })).toThrow(
    /unknown command 'get'/,
  );
  expect(written.join("")).toContain("Commands: peel, slice. More: npm run fruit -- --help");
});
