import { Listr } from "listr2";
import { up } from "../sandbox.ts";
import { sandboxPaths } from "../state.ts";

/** `sandbox up`: shows each step as it happens, then where things are. */
export async function runUp(): Promise<void> {
  const tasks = new Listr(
    [
      {
        title: "Starting the sandbox",
        task: async (_, task) => {
          await up({
            report: (step) => {
              task.output = step;
            },
          });
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
