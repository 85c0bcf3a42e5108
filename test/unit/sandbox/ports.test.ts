import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { planPorts, requireFreePorts, settlePorts } from "../../../sandbox/processes/ports.ts";
import { temporarySandbox } from "./temporary-sandbox.ts";

beforeEach(() => void vi.stubEnv("SANDBOX_PORT_BASE", ""));
afterEach(() => vi.unstubAllEnvs());

test("a plan's ports are distinct and within 40 of its base", () => {
  const { base, forwarder, vault, etcdClient, etcdPeer, kubernetes } = planPorts(18_200);
  const all = [
    forwarder,
    ...vault.flatMap((node) => [node.api, node.cluster]),
    etcdClient,
    etcdPeer,
    kubernetes,
  ];
  expect(new Set(all).size).toBe(10);
  expect(Math.min(...all)).toBe(base);
  expect(Math.max(...all)).toBeLessThan(base + 40);
});

describe("choosing the ports", () => {
  test("the first choice is kept", async () => {
    const paths = await temporarySandbox();
    vi.stubEnv("SANDBOX_PORT_BASE", "20000");
    expect((await settlePorts(paths)).base).toBe(20_000);
    vi.stubEnv("SANDBOX_PORT_BASE", "");
    expect((await settlePorts(paths)).base).toBe(20_000);
  });

  test("another base for the same state is refused, with both named", async () => {
    const paths = await temporarySandbox();
    await settlePorts(paths);
    vi.stubEnv("SANDBOX_PORT_BASE", "20000");
    await expect(settlePorts(paths)).rejects.toThrow(/is 20000, but .* ports from 18200.*reset/);
  });

  test.each(["80", "1e3", "70000", "18200.5", "eighteen"])("a base of %s is refused", async (base) => {
    vi.stubEnv("SANDBOX_PORT_BASE", base);
    await expect(settlePorts(await temporarySandbox())).rejects.toThrow(
      `SANDBOX_PORT_BASE is "${base}": a whole number from 1024 to 65400 is needed.`,
    );
  });
});

test("a taken port is named, with what wants it and how to choose others", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const check = requireFreePorts([{ port, use: "vault-1 (API)" }]);
  await expect(check).rejects.toThrow(`Port ${port} on 127.0.0.1, wanted for vault-1 (API), is taken`);
  await expect(check).rejects.toThrow("SANDBOX_PORT_BASE");
});

test("a port that is given up within a moment is waited for", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const check = requireFreePorts([{ port, use: "vault-1 (API)" }]);
  setTimeout(() => server.close(), 200);
  await check;
});

test("free ports pass, and are free afterwards", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  await requireFreePorts([{ port, use: "vault-1 (API)" }]);
  await requireFreePorts([{ port, use: "vault-1 (API)" }]);
});
