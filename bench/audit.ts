import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { parseObject } from "../audit/entry/entry.ts";
import { isVaultEntry } from "../audit/entry/vault.ts";
import { access } from "../sandbox/sandbox.ts";
import { start } from "../sandbox/start/start.ts";
import { makeLog, spanOf } from "./audit/make-log.ts";
import { type MeasuredProcess, measureProcess } from "./audit/measured-process.ts";

/** One query over the logs, beside a bare read of them. */
export interface AuditRun {
  readonly name: string;
  readonly milliseconds: number;
  readonly mebibytesPerSecond: number;
  readonly peakBytes: number;
  /** Times as long as the bare read. */
  readonly ratio: number;
  /** The last line that it printed. */
  readonly answer: string;
}

export interface AuditMeasurement {
  readonly logs: number;
  readonly bytes: number;
  readonly runs: readonly AuditRun[];
}

const TOTAL_BYTES = 2 ** 30;

/** A standby node's output has a few entries of its own, which no log would be made of. */
const FEWEST_ENTRIES = 50;

const QUERIES: readonly (readonly string[])[] = [
  ["reads", "llm/openai"],
  ["who", "llm/vault-store"],
  ["rotations"],
  ["break-glass"],
];

/**
 * Asks `npm run audit` about 1 GiB of logs, one for each audit device, made from the real lines of a sandbox of its own below `root`,
 * which is left running.
 */
export async function measureAudit(root: string, report: (line: string) => void): Promise<AuditMeasurement> {
  await start({ root, report });
  const folder = join(root, "audit-bench");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  try {
    report("Making logs of 1 GiB");
    const { files, bytes } = await makeLogs(await deviceLines(root), folder);
    report("Reading them, bare and by each query");
    return { logs: files.length, bytes, runs: await measureRuns(files, bytes) };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The real lines of each device: of those on files, and of the one on stdout with the server's own lines among them. */
async function deviceLines(root: string): Promise<readonly (readonly string[])[]> {
  const { paths } = await access(root);
  const devices = (await readdir(paths.vaultAudit)).map((name) => join(paths.vaultAudit, name));
  const servers = (await readdir(paths.logs)).filter((name) => /^vault-\d+\.log$/.test(name));
  const logs = [...devices, ...servers.map((name) => join(paths.logs, name))];
  const all = await Promise.all(
    logs.map(async (file) => (await readFile(file, "utf8")).split("\n").filter((line) => line !== "")),
  );
  const audits = all.filter((lines) => lines.filter(isEntry).length >= FEWEST_ENTRIES);
  if (audits.length === 0) throw new Error(`no audit entry in ${logs.join(", ")}`);
  return audits;
}

function isEntry(line: string): boolean {
  return isVaultEntry(parseObject(line) ?? {});
}

async function makeLogs(
  devices: readonly (readonly string[])[],
  folder: string,
): Promise<{ readonly files: readonly string[]; readonly bytes: number }> {
  const spanMs = Math.max(...devices.map(spanOf));
  const files: string[] = [];
  let bytes = 0;
  for (const [index, lines] of devices.entries()) {
    const file = join(folder, `device-${index + 1}.log`);
    bytes += await makeLog(file, lines, spanMs, TOTAL_BYTES / devices.length);
    files.push(file);
  }
  return { files, bytes };
}

async function measureRuns(files: readonly string[], bytes: number): Promise<readonly AuditRun[]> {
  const scripts = join(import.meta.dirname, "audit");
  // The first read fills the system's cache for all that follow.
  await measureProcess([join(scripts, "bare-read.ts"), ...files]);
  const bare = await measureProcess([join(scripts, "bare-read.ts"), ...files]);
  const runs = [run("bare read, lines counted", bare, bare, bytes)];
  for (const query of QUERIES) {
    const measured = await measureProcess(["cli/audit/main.ts", ...query, "--vault-log", ...files]);
    runs.push(run(query.join(" "), measured, bare, bytes));
  }
  return runs;
}

function run(name: string, measured: MeasuredProcess, bare: MeasuredProcess, bytes: number): AuditRun {
  const { milliseconds, peakBytes, stdout } = measured;
  return {
    name,
    milliseconds: Math.round(milliseconds),
    mebibytesPerSecond: Math.round(bytes / 2 ** 20 / (milliseconds / 1_000)),
    peakBytes,
    ratio: Number((milliseconds / bare.milliseconds).toFixed(1)),
    answer: stdout.trimEnd().split("\n").at(-1) ?? "",
  };
}
