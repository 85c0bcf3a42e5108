import { Agent, request } from "node:https";

/** What the forwarder makes of a node: `active` is the leader, `standby` forwards to it, `down` gets no connections. */
export type Health = "active" | "standby" | "down";

/** Looks at a node once; never fails. */
export interface HealthProbe {
  check(): Promise<Health>;
  close(): void;
}

/** sys/health: 200 active, 429 standby, 473 performance standby; all else cannot serve (sealed, not initialised). */
export function healthOfStatus(status: number | undefined): Health {
  if (status === 200) return "active";
  return status === 429 || status === 473 ? "standby" : "down";
}

/** Asks a node's `sys/health` over TLS, and takes no answer within `timeoutMs` for `down`. */
export function vaultHealthProbe(address: URL, caPem: string, timeoutMs: number): HealthProbe {
  const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: caPem });
  const check = () =>
    new Promise<Health>((resolve) => {
      const asking = request(
        new URL("/v1/sys/health", address),
        { agent, signal: AbortSignal.timeout(timeoutMs) },
        (answer) => {
          answer.on("error", () => resolve("down"));
          answer.on("end", () => resolve(healthOfStatus(answer.statusCode)));
          answer.resume();
        },
      );
      asking.on("error", () => resolve("down"));
      asking.end();
    });
  return { check, close: () => agent.destroy() };
}
