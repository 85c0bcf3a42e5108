import { Listr } from "listr2";
import { parseSettings } from "../../config/parse.ts";
import { devDeclaration, projectFolder, sandboxDeclaration } from "../engine/declaration.ts";
import { bootstrapOperators } from "../operators/bootstrap.ts";
import { type RunningSandbox, up } from "../sandbox.ts";
import { sandboxPaths } from "../state.ts";

/** `sandbox up`: shows each step as it happens, then where things are. Sets up the operators, so that `env` has something to give. */
export async function runUp(): Promise<void> {
  const tasks = new Listr(
    [
      {
        title: "Starting the sandbox",
        task: async (_, task) => {
          const sandbox = await up({
            report: (step) => {
              task.output = step;
            },
          });
          task.output = "Setting up the dev stack's operators";
          await bootstrapDevOperators(sandbox);
          task.title = "The sandbox is up";
        },
        rendererOptions: { persistentOutput: true },
      },
    ],
    { rendererOptions: { collapseErrors: false } },
  );
  try {
    await tasks.run();
  } catch {
    process.exitCode = 1; // the renderer has shown the error
    return;
  }
  console.log(`State and logs: ${sandboxPaths().root}`);
  console.log('Next: eval "$(npm run -s sandbox -- env)", then use vault and kubectl as usual.');
}

async function bootstrapDevOperators(sandbox: RunningSandbox): Promise<void> {
  const declaration = sandboxDeclaration(await devDeclaration(projectFolder), sandbox);
  await bootstrapOperators(sandbox, parseSettings(declaration, "Pulumi.dev.yaml"));
}
