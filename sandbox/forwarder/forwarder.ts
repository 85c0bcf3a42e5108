import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import type { Health, HealthProbe } from "./health.ts";

/** A node behind the forwarder. */
export interface Backend {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly probe: HealthProbe;
}

export interface ForwarderOptions {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  readonly backends: readonly Backend[];
  /** Between two looks at one node, in milliseconds. */
  readonly intervalMs: number;
  readonly log: (line: string) => void;
}

export interface Forwarder {
  readonly port: number;
  close(): Promise<void>;
}

/** The two sockets between which bytes go. */
type Connection = readonly [client: Socket, upstream: Socket];

interface Node {
  readonly backend: Backend;
  readonly connections: Set<Connection>;
  health: Health;
}

/**
 * A TCP load balancer, as one in front of a Vault cluster: TLS passes through. A new connection goes to the active
 * node, else to a standby (which forwards to the active one), else it is closed at once; connections to a node that
 * went down are cut, so that clients connect anew. Resolves once it listens and has looked at every node.
 */
export async function startForwarder(options: ForwarderOptions): Promise<Forwarder> {
  const nodes = options.backends.map(
    (backend): Node => ({ backend, connections: new Set(), health: "down" }),
  );
  await Promise.all(nodes.map((node) => look(node, options.log)));
  const timers = nodes.map((node) => watch(node, options));
  const server = createServer((client) => {
    client.on("error", () => client.destroy()); // it may leave before a node is reached
    forward(client, candidates(nodes));
  });
  server.listen(options.port, options.host);
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      for (const stop of timers) stop();
      for (const node of nodes) cut(node);
      for (const node of nodes) node.backend.probe.close();
      server.close();
      await once(server, "close");
    },
  };
}

/** The nodes that can serve, best first. */
function candidates(nodes: readonly Node[]): readonly Node[] {
  const having = (health: Health) => nodes.filter((node) => node.health === health);
  return [...having("active"), ...having("standby")];
}

function watch(node: Node, options: ForwarderOptions): () => void {
  let timer = setTimeout(next, options.intervalMs);
  let stopped = false;
  async function next(): Promise<void> {
    await look(node, options.log);
    if (!stopped) timer = setTimeout(next, options.intervalMs);
  }
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}

async function look(node: Node, log: (line: string) => void): Promise<void> {
  const health = await node.backend.probe.check();
  if (health !== node.health) log(`${node.backend.name}: ${node.health} -> ${health}`);
  node.health = health;
  if (health === "down") cut(node);
}

function cut(node: Node): void {
  for (const socket of [...node.connections].flat()) socket.destroy();
}

/** Connects a client to the first node that accepts. */
function forward(client: Socket, [node, ...others]: readonly Node[]): void {
  if (node === undefined) {
    client.destroy();
    return;
  }
  const upstream = connect(node.backend.port, node.backend.host);
  const tryNext = () => forward(client, others);
  upstream.once("error", tryNext);
  upstream.once("connect", () => {
    upstream.off("error", tryNext);
    join(client, upstream, node);
  });
}

function join(client: Socket, upstream: Socket, node: Node): void {
  const connection: Connection = [client, upstream];
  node.connections.add(connection);
  upstream.on("error", () => upstream.destroy());
  for (const [socket, peer] of [connection, connection.toReversed() as [Socket, Socket]]) {
    socket.setNoDelay(true);
    socket.pipe(peer);
    // Not at once: what the one had still sent is delivered to the other first.
    socket.on("close", () => peer.destroySoon());
  }
  client.on("close", () => node.connections.delete(connection));
  if (client.destroyed) upstream.destroy(); // it left while the node was being reached
}
