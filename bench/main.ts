import { join } from "node:path";
import Table from "cli-table3";
import { Command } from "commander";
import { mebibytes } from "../sandbox/processes/memory.ts";
import { down } from "../sandbox/sandbox.ts";
import { type AuditMeasurement, measureAudit } from "./audit.ts";
import { type BreakGlassMeasurement, measureBreakGlass } from "./break-glass.ts";
import { measureRotation, type RotationMeasurement } from "./rotation.ts";
import { measureStart, type StartMeasurement } from "./start.ts";

const root = join(import.meta.dirname, "..", ".sandbox-bench");
const portBase = 18_400;

const program = new Command("bench").description("Measures this project on real servers of its own.");
program
  .command("start")
  .description("npm start on a warm cache, with no sandbox running: time by step, and resident memory")
  .option("--json", "print JSON instead of tables")
  .action(benchStart);
program
  .command("audit")
  .description(
    "npm run audit over 1 GiB of logs made from real lines: time and peak memory, beside a bare read",
  )
  .option("--json", "print JSON instead of a table")
  .action(benchAudit);
program
  .command("rotation")
  .description(
    "rotations killed once in each step, on real servers and an emulated provider: failed consumer calls, orphan keys, time to converge",
  )
  .option("--json", "print JSON instead of a table")
  .action(benchRotation);
program
  .command("break-glass")
  .description(
    "npm run break-glass -- revoke of a path that 1, 10 and 50 namespaces read: time from command to denial",
  )
  .option("--json", "print JSON instead of a table")
  .action(benchBreakGlass);
await program.parseAsync().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});

async function benchStart({ json }: { readonly json?: true }): Promise<void> {
  process.env.SANDBOX_PORT_BASE = String(portBase);
  try {
    // Progress on standard error, so that standard output is the result alone.
    const measured = await measureStart(root, (line) => console.error(line));
    console.log(json ? JSON.stringify(measured, null, 2) : tables(measured));
  } finally {
    await down({ root });
  }
}

async function benchAudit({ json }: { readonly json?: true }): Promise<void> {
  process.env.SANDBOX_PORT_BASE = String(portBase);
  try {
    const measured = await measureAudit(root, (line) => console.error(line));
    console.log(json ? JSON.stringify(measured, null, 2) : auditTable(measured));
  } finally {
    await down({ root });
  }
}

async function benchRotation({ json }: { readonly json?: true }): Promise<void> {
  process.env.SANDBOX_PORT_BASE = String(portBase);
  try {
    const measured = await measureRotation(root, (line) => console.error(line));
    console.log(json ? JSON.stringify(measured, null, 2) : rotationTable(measured));
  } finally {
    await down({ root });
  }
}

async function benchBreakGlass({ json }: { readonly json?: true }): Promise<void> {
  process.env.SANDBOX_PORT_BASE = String(portBase);
  try {
    const measured = await measureBreakGlass(root, (line) => console.error(line));
    console.log(json ? JSON.stringify(measured, null, 2) : breakGlassTable(measured));
  } finally {
    await down({ root });
  }
}

function breakGlassTable({ rounds, promiseMs, sizes }: BreakGlassMeasurement): string {
  const table = new Table({
    head: ["namespaces", "seconds to denial", "slowest", "seconds to the end"],
    colAligns: ["right", "right", "right", "right"],
    style: { head: [], border: [] },
  });
  for (const { namespaces, deniedMs, medianDeniedMs, medianEndedMs } of sizes) {
    table.push([namespaces, seconds(medianDeniedMs), seconds(Math.max(...deniedMs)), seconds(medianEndedMs)]);
  }
  return (
    `${table.toString()}\n${rounds} rounds, medians; from the start of the command until every reader's read is refused. ` +
    `Promised: at most ${seconds(promiseMs)} with 50 namespaces`
  );
}

function rotationTable({ rounds, steps }: RotationMeasurement): string {
  const table = new Table({
    head: ["killed in", "of", "calls", "failed", "orphans", "after next run", "seconds", "x undisturbed"],
    colAligns: ["left", "left", "right", "right", "right", "right", "right", "right"],
    style: { head: [], border: [] },
  });
  for (const { step, command, calls, failedCalls, orphansLeft, orphansAfter, convergedMs, ratio } of steps) {
    table.push([
      ...[step, command, calls, failedCalls, orphansLeft, orphansAfter],
      ...[seconds(convergedMs), ratio],
    ]);
  }
  return `${table.toString()}\n${rounds} rounds; seconds from the kill to the end of the next run, or of the undisturbed run`;
}

function auditTable({ logs, bytes, runs }: AuditMeasurement): string {
  const table = new Table({
    head: ["run", "seconds", "MiB/s", "peak MiB", "x bare read", "answer"],
    colAligns: ["left", "right", "right", "right", "right", "left"],
    style: { head: [], border: [] },
  });
  for (const { name, milliseconds, mebibytesPerSecond, peakBytes, ratio, answer } of runs) {
    table.push([name, seconds(milliseconds), mebibytesPerSecond, mebibytes(peakBytes), ratio, answer]);
  }
  return `${mebibytes(bytes)} MiB in ${logs} logs\n${table.toString()}`;
}

function tables({ engine, totalMilliseconds, steps, processes, residentBytes }: StartMeasurement): string {
  const time = new Table({
    head: ["step", "seconds"],
    colAligns: ["left", "right"],
    style: { head: [], border: [] },
  });
  for (const { name, milliseconds } of steps) time.push([name, seconds(milliseconds)]);
  time.push([`total (engine ${engine})`, seconds(totalMilliseconds)]);
  const memory = new Table({
    head: ["process", "resident MiB"],
    colAligns: ["left", "right"],
    style: { head: [], border: [] },
  });
  for (const one of processes) memory.push([one.name, mebibytes(one.residentBytes)]);
  memory.push(["total", mebibytes(residentBytes)]);
  return `${time.toString()}\n${memory.toString()}`;
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1_000).toFixed(1);
}
