import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { LocalWorkspace, type Stack } from "@pulumi/pulumi/automation/index.js";
import { parse, stringify } from "yaml";
import { PROJECT } from "../../../config/stack-file.ts";
import { privateFolder, readIfExists, writePrivate } from "../../state.ts";
import { programEnvironment } from "../credentials.ts";
import { sandboxStack } from "../declaration.ts";
import type { StackInput } from "../engine.ts";

/**
 * The stack in a workspace of the sandbox's own: home, file backend, passphrase and stack files lie in its folder. The
 * program is the project's, named by its absolute path; nothing is written beside it.
 */
export async function openStack(
  { declaration, sandbox }: StackInput,
  projectFolder: string,
  operator: "deployer" | "previewer",
): Promise<Stack> {
  const at = (name: string) => join(sandbox.paths.root, "pulumi", name);
  const [workFolder, home, backend, passphrase] = [
    at("project"),
    at("home"),
    at("backend"),
    at("passphrase"),
  ];
  for (const folder of [at("."), workFolder, home, backend]) await privateFolder(folder);
  if ((await readIfExists(passphrase)) === undefined) {
    await writePrivate(passphrase, randomBytes(24).toString("base64"));
  }
  await copyProject(projectFolder, workFolder);
  const environment = {
    ...(await programEnvironment(sandbox, operator)),
    PULUMI_HOME: home,
    PULUMI_BACKEND_URL: `file://${backend}`,
    PULUMI_CONFIG_PASSPHRASE_FILE: passphrase,
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
  };
  // The library asks the CLI for its version with this process's environment, and the CLI logs that to its home.
  process.env.PULUMI_HOME = home;
  const stack = await LocalWorkspace.createOrSelectStack(
    { workDir: workFolder, stackName: sandboxStack },
    { envVars: onlyThese(environment) },
  );
  await writeDeclaration(stack, declaration);
  return stack;
}

async function copyProject(projectFolder: string, workFolder: string): Promise<void> {
  const project = parse(await readFile(join(projectFolder, "Pulumi.yaml"), "utf8")) as {
    readonly main: string;
  };
  const copy = { ...project, main: join(projectFolder, project.main) };
  await writeFile(join(workFolder, "Pulumi.yaml"), stringify(copy));
}

/** Keeps the salt of the stack's own encryption, which stands in the same file. */
async function writeDeclaration(stack: Stack, declaration: StackInput["declaration"]): Promise<void> {
  const settings = await stack.workspace.stackSettings(sandboxStack);
  const config = Object.fromEntries(
    Object.entries(declaration).map(([name, value]) => [`${PROJECT}:${name}`, value]),
  ) as NonNullable<typeof settings.config>;
  await stack.workspace.saveStackSettings(sandboxStack, { ...settings, config });
}

/** The library adds its variables to this process's; what the user has set for other clusters must not come along. */
function onlyThese(environment: Readonly<Record<string, string>>): Record<string, string> {
  const cleared = Object.fromEntries(Object.keys(process.env).map((name) => [name, undefined]));
  return { ...cleared, ...environment } as Record<string, string>;
}
