import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, stat } from "node:fs/promises";
import { afterEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { isSameProcess, parseStat, startTimeOf } from "../../../sandbox/processes/identity.ts";
import { residentBytes } from "../../../sandbox/processes/memory.ts";
import { readLiving, readRecord, writeRecord } from "../../../sandbox/processes/record.ts";
import { ensureProcess, logFile, type ProcessSpec, untilReady } from "../../../sandbox/processes/start.ts";
import { stopProcess } from "../../../sandbox/processes/stop.ts";
import type { SandboxPaths } from "../../../sandbox/state.ts";
import { temporarySandbox } from "./temporary-sandbox.ts";

afterEach(() => vi.unstubAllEnvs());

const stayAlive = "setInterval(() => {}, 1000)";

function nodeProcess(paths: SandboxPaths, script: string): ProcessSpec {
  onTestFinished(() => stopProcess(paths, "test", 0).then(() => {}));
  return { name: "test", command: [process.execPath, "-e", script], cwd: paths.root, ports: [] };
}

async function untilLogged(paths: SandboxPaths, text: string): Promise<string> {
  const logged = async () => {
    const log = await readFile(logFile(paths, "test"), "utf8");
    return log.includes(text) ? log : undefined;
  };
  return untilReady(paths, "test", { deadlineMs: 10_000 }, logged);
}

describe("telling a process from a later one with the same pid", () => {
  test("a command name with spaces and parentheses does not shift the fields", () => {
    const after = Array.from({ length: 30 }, (_, index) => `f${index}`);
    expect(parseStat(`42 (a) S (b c) R ${after.join(" ")}`)).toEqual({ state: "R", startTicks: "f18" });
  });

  test("the start time of a running process does not change", async () => {
    const first = await startTimeOf(process.pid);
    expect(first).toBeDefined();
    expect(await startTimeOf(process.pid)).toBe(first);
  });

  test("a process that ended has none", async () => {
    const child = spawn(process.execPath, ["-e", ""]);
    await once(child, "exit");
    expect(await startTimeOf(child.pid ?? 0)).toBeUndefined();
  });

  test("a pid whose process started at another time is not ours, and stopping leaves it alone", async () => {
    const paths = await temporarySandbox();
    const stranger = spawn(process.execPath, ["-e", stayAlive]);
    onTestFinished(() => void stranger.kill("SIGKILL"));
    await once(stranger, "spawn");
    const pid = stranger.pid ?? 0;
    await writeRecord(paths, { name: "test", pid, startTime: "an-earlier-boot:1", command: ["x"] });

    expect(await readLiving(paths, "test")).toBeUndefined();
    expect(await stopProcess(paths, "test", 100)).toBe(false);
    expect(stranger.exitCode).toBeNull();
    expect(stranger.signalCode).toBeNull();
    expect(await readRecord(paths, "test")).toBeUndefined();
  });
});

describe("starting", () => {
  test("a process gets nothing of the caller's environment but PATH, and its own variables", async () => {
    vi.stubEnv("VAULT_TOKEN", "canary");
    const paths = await temporarySandbox();
    const spec = nodeProcess(paths, `console.log(JSON.stringify(process.env), 'end'); ${stayAlive}`);
    await ensureProcess(paths, { ...spec, env: { GOGC: "50" } });
    const environment = JSON.parse((await untilLogged(paths, "end")).split(" end")[0] ?? "");
    expect(environment).toEqual({ PATH: process.env.PATH, GOGC: "50" });
  });

  test("a second start leaves the running process alone", async () => {
    const paths = await temporarySandbox();
    const spec = nodeProcess(paths, stayAlive);
    const first = await ensureProcess(paths, spec);
    expect(await ensureProcess(paths, spec)).toEqual(first);
  });

  test("a process that ended is started again", async () => {
    const paths = await temporarySandbox();
    const spec = nodeProcess(paths, stayAlive);
    const first = await ensureProcess(paths, spec);
    process.kill(first.pid, "SIGKILL");
    await vi.waitFor(async () => expect(await isSameProcess(first.pid, first.startTime)).toBe(false));
    const second = await ensureProcess(paths, spec);
    expect(second.pid).not.toBe(first.pid);
  });

  test("one that ends before it is ready says so with its last words", async () => {
    const paths = await temporarySandbox();
    await ensureProcess(paths, nodeProcess(paths, "setTimeout(() => { throw new Error('bad flag') }, 50)"));
    const ready = untilReady(paths, "test", { deadlineMs: 10_000 }, async () => undefined);
    await expect(ready).rejects.toThrow(/test ended before it was ready[\s\S]*bad flag/);
  });

  test("a program that does not exist is named", async () => {
    const paths = await temporarySandbox();
    const spec: ProcessSpec = { ...nodeProcess(paths, ""), command: ["/no/such/program"] };
    await expect(ensureProcess(paths, spec)).rejects.toThrow(/test cannot be started.*\/no\/such\/program/);
  });

  test("logs and records are 0600", async () => {
    const paths = await temporarySandbox();
    await ensureProcess(paths, nodeProcess(paths, stayAlive));
    for (const file of [logFile(paths, "test"), `${paths.processes}/test.json`]) {
      expect(((await stat(file)).mode & 0o777).toString(8), file).toBe("600");
    }
  });
});

describe("stopping", () => {
  test("a process that ignores SIGTERM is killed after its grace", async () => {
    const paths = await temporarySandbox();
    const script = `process.on('SIGTERM', () => {}); console.log('deaf'); ${stayAlive}`;
    const record = await ensureProcess(paths, nodeProcess(paths, script));
    await untilLogged(paths, "deaf");
    expect(await stopProcess(paths, "test", 100)).toBe(true);
    expect(await isSameProcess(record.pid, record.startTime)).toBe(false);
  });

  test("what was never started is no error", async () => {
    expect(await stopProcess(await temporarySandbox(), "test", 0)).toBe(false);
  });
});

test("resident memory is that of the process, and 0 for none", async () => {
  const own = await residentBytes(process.pid);
  expect(own).toBeGreaterThan(10 * 2 ** 20);
  expect(own / process.memoryUsage.rss()).toBeCloseTo(1, 0);
  expect(await residentBytes(2 ** 22 + 1)).toBe(0);
});
