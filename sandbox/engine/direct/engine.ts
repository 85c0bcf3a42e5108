import { type ChildProcess, fork } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { PROJECT } from "../../../config/stack-file.ts";
import { programEnvironment } from "../credentials.ts";
import { sandboxStack } from "../declaration.ts";
import {
  type Change,
  countChanges,
  type Engine,
  EngineError,
  type StackInput,
  type UpResult,
} from "../engine.ts";
import { requireStackOnLoopback } from "../loopback.ts";
import type { DeployJob, DeployReport } from "./job.ts";
import { ownedBefore } from "./owned.ts";

const here = dirname(fileURLToPath(import.meta.url));
const lastOutputCharacters = 4_000;

/** @param program the program's module; another than the project's own is for tests of this engine */
export function directEngine(
  reason: string,
  projectFolder: string,
  program = join(projectFolder, "index.ts"),
): Engine {
  return {
    name: "direct",
    description:
      `Engine: direct (${reason}). It creates the program's resources without Pulumi's engine and keeps no state: ` +
      "for the sandbox only, no preview, refresh or destroy.",
    up: (stack) => deploy(stack, projectFolder, program),
  };
}

async function deploy(stack: StackInput, projectFolder: string, program: string): Promise<UpResult> {
  requireStackOnLoopback(stack);
  const workFolder = join(stack.sandbox.paths.root, "direct");
  await mkdir(workFolder, { recursive: true, mode: 0o700 });
  const owned = await ownedBefore(stack, workFolder);
  const child = fork(join(here, "main.ts"), {
    cwd: projectFolder,
    env: { ...(await programEnvironment(stack.sandbox, "deployer")) },
    execArgv: [],
    silent: true,
  });
  return collect(child, stack, {
    project: PROJECT,
    stack: sandboxStack,
    declaration: stack.declaration,
    program,
    helm: stack.sandbox.toolchain.binaries.helm,
    workFolder,
    owned,
  });
}

function collect(child: ChildProcess, stack: StackInput, job: DeployJob): Promise<UpResult> {
  const changes: Change[] = [];
  const warnings: string[] = [];
  let output = "";
  const keep = (chunk: unknown) => {
    output = `${output}${chunk}`.slice(-lastOutputCharacters);
  };
  child.stdout?.on("data", keep);
  child.stderr?.on("data", keep);
  return new Promise((resolve, reject) => {
    child.on("message", (report: DeployReport) => {
      if (report.kind === "change") {
        changes.push(report.change);
        stack.onChange?.(report.change);
      } else if (report.kind === "warning") {
        warnings.push(report.text);
      } else if (report.kind === "finished") {
        resolve({ changes: countChanges(changes), outputs: report.outputs, warnings });
      } else {
        reject(new EngineError(report.messages.join("\n")));
      }
    });
    child.on("error", reject);
    child.on("exit", (code, signal) => {
      reject(
        new EngineError(`The deployment ended early (${signal ?? `exit code ${code}`}).\n${output}`.trim()),
      );
    });
    child.send(job);
  });
}
