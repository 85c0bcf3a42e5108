import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { PortClaims } from "../../../sandbox/node-agent/run/port-claims.ts";
import { PortPool } from "../../../sandbox/node-agent/run/port-pool.ts";

/** The test's process and the one that started it: both run. */
const [oneAgent, anotherAgent] = [process.pid, process.ppid];
/** Linux and macOS give no process a number as high. */
const nobody = 2 ** 30;
let folder: string;
const poolOf = (pid: number) => new PortPool(new PortClaims(folder, pid));

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "port-claims-"));
  return () => rm(folder, { recursive: true });
});

/** A port that nothing listens on. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { readonly port: number };
  server.close();
  await once(server, "close");
  return port;
}

test("of two agents that start pods in the same moment, one has the port that both want", async () => {
  const port = await freePort();
  const pools = [oneAgent, anotherAgent].map(poolOf);
  const maps = await Promise.all(pools.map((pool, index) => pool.assign(`pod-${index}`, [port])));
  const real = maps.map((map) => map.get(port));
  expect(real.filter((one) => one === port)).toHaveLength(1);
  expect(new Set(real).size).toBe(2);
});

test("a port that a program listens on is given to no pod, and is nobody's once it does not", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  const { port } = server.address() as { readonly port: number };
  expect((await poolOf(oneAgent).assign("pod", [port])).get(port)).not.toBe(port);
  server.close();
  await once(server, "close");
  expect((await poolOf(anotherAgent).assign("pod", [port])).get(port)).toBe(port);
});

test("what an ended pod had, another agent may have; what an agent had that runs no longer, too", async () => {
  const port = await freePort();
  const one = poolOf(oneAgent);
  await one.assign("pod", [port]);
  await one.release("pod");
  expect((await poolOf(anotherAgent).assign("pod", [port])).get(port)).toBe(port);
  await writeFile(join(folder, String(port)), String(nobody));
  expect((await poolOf(oneAgent).assign("pod", [port])).get(port)).toBe(port);
});
