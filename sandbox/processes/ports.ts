import { once } from "node:events";
import { createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { readIfExists, type SandboxPaths, writePrivate } from "../state.ts";

/** The ports of one sandbox on 127.0.0.1, all within 40 from `base`. */
export interface PortPlan {
  readonly base: number;
  /** The address that clients use: the forwarder in front of the nodes. */
  readonly forwarder: number;
  readonly vault: readonly { readonly name: string; readonly api: number; readonly cluster: number }[];
  readonly etcdClient: number;
  readonly etcdPeer: number;
  readonly kubernetes: number;
}

export interface PortUse {
  readonly port: number;
  /** Which process wants it, and what for. */
  readonly use: string;
}

/** Below the ports that systems hand out to clients (Linux from 32768, macOS from 49152). */
export const defaultPortBase = 18_200;
const highestBase = 65_400;
const savedSchema = z.strictObject({ base: z.int() });

export function planPorts(base: number): PortPlan {
  return {
    base,
    forwarder: base,
    vault: [1, 2, 3].map((n) => ({ name: `vault-${n}`, api: base + n, cluster: base + 10 + n })),
    etcdClient: base + 20,
    etcdPeer: base + 21,
    kubernetes: base + 30,
  };
}

/**
 * The ports of this sandbox: those saved by its first `up`, else from the environment's `SANDBOX_PORT_BASE`,
 * else from {@link defaultPortBase}; then saved. They cannot change later: Vault's raft peers know each other by them.
 */
export async function settlePorts(paths: SandboxPaths): Promise<PortPlan> {
  const wanted = wantedBase(process.env.SANDBOX_PORT_BASE);
  const saved = await savedPorts(paths);
  if (saved === undefined) {
    const base = wanted ?? defaultPortBase;
    await writePrivate(paths.ports, `${JSON.stringify({ base })}\n`);
    return planPorts(base);
  }
  if (wanted !== undefined && wanted !== saved.base) {
    throw new Error(
      `SANDBOX_PORT_BASE is ${wanted}, but the sandbox in ${paths.root} was made with ports from ${saved.base}. ` +
        "Unset SANDBOX_PORT_BASE, or delete that sandbox first with `npm run sandbox -- reset`.",
    );
  }
  return saved;
}

/** The ports that the first `up` saved; `undefined` if there was none. */
export async function savedPorts(paths: SandboxPaths): Promise<PortPlan | undefined> {
  const text = await readIfExists(paths.ports);
  return text === undefined ? undefined : planPorts(savedSchema.parse(JSON.parse(text)).base);
}

/** A process that was just killed keeps its ports until its last thread has ended. In milliseconds. */
const releaseMs = 2_000;

/** Fails if anything listens on one of the ports; the error names every such port and what wants it. */
export async function requireFreePorts(uses: readonly PortUse[]): Promise<void> {
  const deadline = Date.now() + releaseMs;
  let taken = await takenOf(uses);
  while (taken.length > 0 && Date.now() < deadline) {
    await delay(50);
    taken = await takenOf(taken);
  }
  if (taken.length === 0) return;
  throw new Error(
    [
      ...taken.map(
        ({ port, use }) => `Port ${port} on 127.0.0.1, wanted for ${use}, is taken by another program.`,
      ),
      "End that program, or choose other ports: `npm run sandbox -- reset`, then set SANDBOX_PORT_BASE " +
        `(now ${defaultPortBase} if unset; 40 ports from it are used).`,
    ].join("\n"),
  );
}

function wantedBase(text: string | undefined): number | undefined {
  if (text === undefined || text === "") return undefined;
  const base = Number(text);
  if (!Number.isInteger(base) || base < 1_024 || base > highestBase) {
    throw new Error(`SANDBOX_PORT_BASE is "${text}": a whole number from 1024 to ${highestBase} is needed.`);
  }
  return base;
}

async function takenOf(uses: readonly PortUse[]): Promise<readonly PortUse[]> {
  const free = await Promise.all(uses.map(({ port }) => isFree(port)));
  return uses.filter((_, index) => !free[index]);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen({ port, host: "127.0.0.1", exclusive: true });
    await once(server, "listening");
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EADDRINUSE") return false;
    throw error;
  } finally {
    server.close();
  }
}
