import { declaredPaths } from "../../cli/secrets/declared.ts";
import { parseSettings } from "../../config/parse.ts";
import { chooseEngine, rememberEngine } from "../engine/choose.ts";
import { devDeclaration, projectFolder, sandboxDeclaration } from "../engine/declaration.ts";
import type { Change, ChangeCounts, Engine } from "../engine/engine.ts";
import { bootstrapOperators } from "../operators/bootstrap.ts";
import { type RunningSandbox, up } from "../sandbox.ts";
import { sandboxPaths } from "../state.ts";
import { type Seeded, seedDemoValues } from "./demo-values.ts";
import { type SecretRow, secretRows } from "./secrets-table.ts";
import { type Step, Steps } from "./steps.ts";

export interface StartOptions {
  /** The folder of the sandbox's state. @default SANDBOX_STATE, else `.sandbox` in the repository */
  readonly root?: string;
  /** Told what is being done, one line at a time. */
  readonly report: (line: string) => void;
}

export interface StartResult {
  readonly root: string;
  readonly engine: string;
  readonly changes: ChangeCounts;
  readonly seeded: readonly Seeded[];
  readonly warnings: readonly string[];
  readonly rows: readonly SecretRow[];
  /** The KV paths that the stack reads, below their mounts. */
  readonly paths: readonly string[];
  readonly steps: readonly Step[];
}

/**
 * Brings a sandbox up and deploys the dev stack's own declarations into it, with demo values for what has none, until
 * every ExternalSecret is Ready. A second run changes nothing.
 */
export async function start({ root, report }: StartOptions): Promise<StartResult> {
  const paths = sandboxPaths(root);
  const engine = await chooseEngine(process.env, paths, projectFolder);
  report(engine.description);
  const steps = new Steps(report);
  const sandbox = await steps.run("Starting the servers", () =>
    up({ root: paths.root, report: steps.report }),
  );
  await rememberEngine(paths, engine.name);
  const declaration = sandboxDeclaration(await devDeclaration(projectFolder), sandbox);
  const settings = parseSettings(declaration, "Pulumi.dev.yaml");
  await steps.run("Setting up the operators", () => bootstrapOperators(sandbox, settings));
  const deployed = await steps.run("Deploying the dev stack", () =>
    deploy(engine, sandbox, declaration, settings, steps.report),
  );
  const rows = await steps.run("Reading what arrived", () => secretRows(sandbox, settings));
  const read = declaredPaths(settings).map(({ path }) => path);
  return { root: paths.root, engine: engine.name, ...deployed, rows, paths: read, steps: steps.done };
}

/** The deployment waits for values, and the values for the mount that the deployment makes: so both at once. */
async function deploy(
  engine: Engine,
  sandbox: RunningSandbox,
  declaration: Readonly<Record<string, unknown>>,
  settings: ReturnType<typeof parseSettings>,
  report: (line: string) => void,
): Promise<Pick<StartResult, "changes" | "seeded" | "warnings">> {
  const ended = new AbortController();
  const seeding = seedDemoValues(sandbox, settings, ended.signal).then((seeded) => {
    for (const { path, properties } of seeded)
      report(`  put demo values at ${path} (${properties.join(", ")})`);
    return seeded;
  });
  const onChange = (change: Change) => {
    if (change.action !== "same") report(`  ${change.action} ${change.type} ${change.name}`);
  };
  try {
    const [{ changes, warnings }, seeded] = await Promise.all([
      engine.up({ declaration, sandbox, onChange }),
      seeding,
    ]);
    return { changes, warnings, seeded };
  } finally {
    ended.abort();
  }
}
