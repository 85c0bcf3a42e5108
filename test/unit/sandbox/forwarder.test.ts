import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, get, type Server } from "node:https";
import { type AddressInfo, connect } from "node:net";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { ensureAuthority, ensureCertificate } from "../../../sandbox/certificates/authority.ts";
import { type Forwarder, startForwarder } from "../../../sandbox/forwarder/forwarder.ts";
import { healthOfStatus, vaultHealthProbe } from "../../../sandbox/forwarder/health.ts";
import { temporarySandbox } from "./temporary-sandbox.ts";

/** Stands for a Vault node: answers `sys/health` with a status that the test sets, and all else with its name. */
interface FakeNode {
  readonly name: string;
  readonly server: Server;
  status: number;
}

/** More than all buffers on the way hold together. */
const largeBytes = 16 * 2 ** 20;

interface Setup {
  readonly nodes: readonly FakeNode[];
  readonly forwarder: Forwarder;
  readonly caPem: string;
  readonly log: readonly string[];
}

async function setup(...statuses: readonly number[]): Promise<Setup> {
  const paths = await temporarySandbox();
  const request = { name: "node", commonName: "node", ips: ["127.0.0.1"], usages: ["server"] } as const;
  const { certFile, keyFile } = await ensureCertificate(paths, await ensureAuthority(paths), request);
  const [cert, key, caPem] = await Promise.all(
    [certFile, keyFile, paths.caFile].map((file) => readFile(file, "utf8")),
  );
  const nodes = await Promise.all(
    statuses.map((status, index) => fakeNode(`node-${index + 1}`, status, cert, key)),
  );
  const log: string[] = [];
  const forwarder = await startForwarder({
    host: "127.0.0.1",
    port: 0,
    intervalMs: 20,
    log: (line) => log.push(line),
    backends: nodes.map(({ name, server }) => {
      const { port } = server.address() as AddressInfo;
      const probe = vaultHealthProbe(new URL(`https://127.0.0.1:${port}`), caPem ?? "", 500);
      return { name, host: "127.0.0.1", port, probe };
    }),
  });
  onTestFinished(() => forwarder.close());
  return { nodes, forwarder, caPem: caPem ?? "", log };
}

async function fakeNode(name: string, status: number, cert = "", key = ""): Promise<FakeNode> {
  const server = createServer({ cert, key }, (question, answer) => {
    if (question.url === "/v1/sys/health") answer.statusCode = node.status;
    if (question.url === "/large") answer.end(Buffer.alloc(largeBytes));
    else if (question.url !== "/hang") answer.end(name);
  });
  const node: FakeNode = { name, server, status };
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => kill(node));
  return node;
}

function kill({ server }: FakeNode): void {
  server.close();
  server.closeAllConnections();
}

/** The name of the node that answers a new connection, or the error's code. */
function ask({ forwarder, caPem }: Setup, path = "/"): Promise<string> {
  return new Promise((resolve) => {
    const url = `https://127.0.0.1:${forwarder.port}${path}`;
    const asking = get(url, { ca: caPem, agent: false }, async (answer) => {
      resolve(Buffer.concat(await answer.toArray()).toString());
    });
    asking.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}

test.each([
  [200, "active"],
  [429, "standby"],
  [473, "standby"],
  [472, "down"],
  [501, "down"],
  [503, "down"],
  [undefined, "down"],
] as const)("a node that answers %s is %s", (status, health) => {
  expect(healthOfStatus(status)).toBe(health);
});

describe("where new connections go", () => {
  test("to the active node, wherever it stands in the list", async () => {
    expect(await ask(await setup(429, 200, 429))).toBe("node-2");
  });

  test("to a standby while no node is active", async () => {
    expect(await ask(await setup(503, 429, 503))).toBe("node-2");
  });

  test("to the new active node after the old one died", async () => {
    const all = await setup(200, 429);
    expect(await ask(all)).toBe("node-1");
    const [first, second] = all.nodes;
    if (first === undefined || second === undefined) throw new Error("two nodes were made");
    kill(first);
    second.status = 200;
    await vi.waitFor(() => expect(all.log).toContain("node-2: standby -> active"));
    expect(await ask(all)).toBe("node-2");
  });

  test("to the next best when the best refuses before that was noticed", async () => {
    const all = await setup(200, 429);
    const [first] = all.nodes;
    if (first === undefined) throw new Error("two nodes were made");
    kill(first);
    expect(await ask(all)).toBe("node-2");
  });

  test("nowhere while no node is healthy", async () => {
    expect(await ask(await setup(503, 501))).toBe("ECONNRESET");
  });
});

test("connections to a node that went down are cut", async () => {
  const all = await setup(200, 429);
  const [first] = all.nodes;
  if (first === undefined) throw new Error("two nodes were made");
  const hanging = ask(all, "/hang");
  await once(first.server, "request");
  first.status = 503;
  expect(await hanging).toBe("ECONNRESET");
});

test("a large answer arrives whole", async () => {
  expect(await ask(await setup(200), "/large")).toHaveLength(largeBytes);
});

test("a client that leaves early is no trouble", async () => {
  const all = await setup(200);
  const client = connect(all.forwarder.port, "127.0.0.1");
  await once(client, "connect");
  client.resetAndDestroy();
  expect(await ask(all)).toBe("node-1");
});
