import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { programEnvironment } from "../../sandbox/engine/credentials.ts";
import { sandboxStack } from "../../sandbox/engine/declaration.ts";
import type { RunningSandbox } from "../../sandbox/sandbox.ts";

const run = promisify(execFile);

/** All that `pulumi preview --diff` prints about the declaration that the sandbox's engine was last given. */
export async function previewText(sandbox: RunningSandbox): Promise<string> {
  const at = (name: string) => join(sandbox.paths.root, "pulumi", name);
  const environment = {
    ...(await programEnvironment(sandbox, "previewer")),
    PULUMI_HOME: at("home"),
    PULUMI_BACKEND_URL: `file://${at("backend")}`,
    PULUMI_CONFIG_PASSPHRASE_FILE: at("passphrase"),
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
  };
  const words = [
    "preview",
    "--diff",
    "--refresh",
    "--non-interactive",
    "--color=never",
    "--stack",
    sandboxStack,
  ];
  const { stdout, stderr } = await run("pulumi", words, { cwd: at("project"), env: environment });
  return stdout + stderr;
}
