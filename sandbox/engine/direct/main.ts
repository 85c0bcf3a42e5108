import { pathToFileURL } from "node:url";
import * as pulumi from "@pulumi/pulumi";
import { type Fields, fieldsOf, messageOf } from "../../../resources/values.ts";
import { Deployment } from "./deployment.ts";
import { Helm } from "./helm.ts";
import type { DeployJob, DeployReport } from "./job.ts";

/**
 * The child process: runs the program once, with the SDK's unit-test seam as its engine.
 * A process of its own, since the SDK's settings and a module's top level are good for one run.
 */
async function deploy(job: DeployJob): Promise<Fields> {
  const failure = Promise.withResolvers<never>();
  // The program checks it before it registers anything.
  const environment = String(job.declaration.environment);
  const deployment = new Deployment(
    new Helm(job.helm, job.workFolder, environment, process.env),
    environment,
    (change) => send({ kind: "change", change }),
    () => failure.reject(new ResourcesFailed(deployment.failures)),
  );
  // Whatever hangs on a failed resource rejects as well, in the middle of the SDK; the first reason is the one that counts.
  process.on("unhandledRejection", (error) => {
    if (deployment.failures.length === 0) failure.reject(error);
  });
  await connect(job, deployment);
  const outputs = await Promise.race([runProgram(job), failure.promise]);
  await Promise.race([deployment.prune(job.owned), failure.promise]);
  await deployment.close();
  return outputs;
}

class ResourcesFailed extends Error {
  readonly messages: readonly string[];

  constructor(messages: readonly string[]) {
    super(messages.join("\n"));
    this.messages = messages;
  }
}

async function connect(job: DeployJob, deployment: Deployment): Promise<void> {
  const prefixed = Object.entries(job.declaration).map(([name, value]) => [
    `${job.project}:${name}`,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  pulumi.runtime.setAllConfig(Object.fromEntries(prefixed));
  const mocks: pulumi.runtime.Mocks = {
    newResource: (args) => deployment.newResource(args),
    call: ({ token }) => {
      throw new Error(`the direct engine has no functions: ${token} needs the Pulumi engine`);
    },
  };
  await pulumi.runtime.setMocks(mocks, job.project, job.stack, false);
}

/** The program's outputs, once every resource it registered is there. */
async function runProgram(job: DeployJob): Promise<Fields> {
  const stack = await pulumi.runtime.runInPulumiStack(async () => ({
    ...(await import(pathToFileURL(job.program).href)),
  }));
  const outputs = fieldsOf(stack);
  await pulumi.runtime.disconnect();
  return outputs;
}

/** A mistake in the program itself is the one thing that needs its place in the code. */
function reasonOf(error: unknown): string {
  const mistake = [TypeError, ReferenceError, RangeError, SyntaxError].some((kind) => error instanceof kind);
  return mistake && error instanceof Error ? (error.stack ?? error.message) : messageOf(error);
}

function send(report: DeployReport): void {
  process.send?.(report);
}

/** Without an engine's log the SDK writes warnings to the console. */
function reportWarnings(): void {
  console.warn = (text: unknown) =>
    send({ kind: "warning", text: String(text).replace(/^warning: \[runtime\] /, "") });
}

process.once("message", (job: DeployJob) => {
  reportWarnings();
  deploy(job)
    .then((outputs): DeployReport => ({ kind: "finished", outputs }))
    .catch((error: unknown): DeployReport => {
      const messages = error instanceof ResourcesFailed ? error.messages : [reasonOf(error)];
      return { kind: "failed", messages };
    })
    // What a failed program still waits for must not keep the process alive.
    .then((report) => process.send?.(report, () => process.exit(report.kind === "failed" ? 1 : 0)));
});
