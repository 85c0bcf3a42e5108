import { spawn } from "node:child_process";
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { Container, Probe } from "../api/types.ts";
import type { PortMap } from "../plan/ports.ts";
import type { ProcessPlan } from "../plan/process-plan.ts";
import { nextProbeState, type ProbeState } from "../status/probe-state.ts";
import { signalGroup } from "./process.ts";

/** What a probe is aimed at. */
export type ProbeTarget = {
  readonly container: Container;
  readonly ports: PortMap;
  /** How an exec probe is run. */
  readonly command: Pick<ProcessPlan, "argv" | "env" | "cwd">;
};

/**
 * Runs a probe until the signal aborts and reports each change of its verdict. Defaults are
 * Kubernetes': every 10 s, 1 s to answer. The message says why the last attempt failed.
 */
export async function watchProbe(
  probe: Probe,
  target: ProbeTarget,
  initiallyHealthy: boolean | undefined,
  onVerdict: (healthy: boolean, message: string) => void,
  signal: AbortSignal,
): Promise<void> {
  let state: ProbeState = { healthy: initiallyHealthy, streak: 0 };
  await pause((probe.initialDelaySeconds ?? 0) * 1000, signal);
  while (!signal.aborted) {
    const problem = await attempt(probe, target).then(
      () => undefined,
      (error: Error) => error.message,
    );
    if (signal.aborted) return;
    const next = nextProbeState(state, problem === undefined, probe);
    if (next.healthy !== undefined && next.healthy !== state.healthy) onVerdict(next.healthy, problem ?? "");
    state = next;
    await pause((probe.periodSeconds ?? 10) * 1000, signal);
  }
}

async function attempt(probe: Probe, target: ProbeTarget): Promise<void> {
  const timeoutMs = (probe.timeoutSeconds ?? 1) * 1000;
  if (probe.httpGet !== undefined) return httpGet(probe.httpGet, target, timeoutMs);
  if (probe.tcpSocket !== undefined) return tcpConnect(realPort(probe.tcpSocket.port, target), timeoutMs);
  if (probe.exec !== undefined) return runCommand(target.command, timeoutMs);
  throw new Error("only httpGet, tcpSocket and exec probes are supported");
}

/** The real port for a probe's port, which is a number or the name of one of the container's ports. */
export function realPort(port: string | number, target: Pick<ProbeTarget, "container" | "ports">): number {
  const declared = target.container.ports?.find(({ name }) => name === port)?.containerPort;
  const number = declared ?? Number(port);
  if (!Number.isInteger(number)) throw new Error(`the container has no port named "${port}"`);
  return target.ports.get(number) ?? number;
}

function httpGet(get: NonNullable<Probe["httpGet"]>, target: ProbeTarget, timeoutMs: number): Promise<void> {
  const isTls = get.scheme === "HTTPS";
  const headers = Object.fromEntries((get.httpHeaders ?? []).map(({ name, value }) => [name, value]));
  const options = {
    host: "127.0.0.1",
    port: realPort(get.port, target),
    path: get.path ?? "/",
    headers: { "user-agent": "kube-probe", ...headers },
    signal: AbortSignal.timeout(timeoutMs),
    agent: false as const,
    // kubelet does not verify certificates in probes either.
    ...(isTls ? { rejectUnauthorized: false } : {}),
  };
  return new Promise((resolve, reject) => {
    const request = (isTls ? httpsRequest : httpRequest)(options, (response) => {
      response.resume();
      const status = response.statusCode ?? 0;
      if (status >= 200 && status < 400) resolve();
      else reject(new Error(`HTTP probe failed with statuscode: ${status}`));
    });
    request.once("error", reject);
    request.end();
  });
}

function tcpConnect(port: number, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port, timeout: timeoutMs });
    const finish = (error?: Error): void => {
      socket.destroy();
      if (error === undefined) resolve();
      else reject(error);
    };
    socket.once("connect", () => finish());
    socket.once("timeout", () => finish(new Error(`no connection to port ${port} within ${timeoutMs} ms`)));
    socket.once("error", finish);
  });
}

function runCommand(command: ProbeTarget["command"], timeoutMs: number): Promise<void> {
  const [binary = "", ...args] = command.argv;
  return new Promise((resolve, reject) => {
    const child = spawn(binary, args, {
      env: { ...command.env },
      cwd: command.cwd,
      detached: true,
      stdio: "ignore",
    });
    const timer = setTimeout(() => {
      if (child.pid !== undefined) signalGroup(child.pid, "SIGKILL");
    }, timeoutMs);
    child.once("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.once("exit", (code) => {
      clearTimeout(timer);
      if (code === 0) resolve();
      else reject(new Error(`probe command ended with ${code === null ? "a timeout" : `exit code ${code}`}`));
    });
  });
}

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await delay(milliseconds, undefined, { signal }).catch(() => undefined);
}
