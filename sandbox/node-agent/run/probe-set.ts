import type { Container } from "../api/types.ts";
import type { PortMap } from "../plan/ports.ts";
import { type ProbeKind, type ProcessPlan, probeOf } from "../plan/process-plan.ts";
import { watchProbe } from "./probe.ts";

/** What a container is told of its probes' verdicts. */
export type ProbeListener = {
  readonly started: () => void;
  readonly ready: (passed: boolean) => void;
  /** A probe turned unhealthy; the message says why. */
  readonly unhealthy: (message: string) => void;
  /** The container has to be restarted. */
  readonly failed: (message: string) => void;
};

/** The probes of one run of a container: the startup probe first, then readiness and liveness side by side. */
export class ProbeSet {
  readonly #container: Container;
  readonly #ports: PortMap;
  readonly #plan: ProcessPlan;
  readonly #listener: ProbeListener;
  readonly #stop = new AbortController();

  constructor(container: Container, ports: PortMap, plan: ProcessPlan, listener: ProbeListener) {
    this.#container = container;
    this.#ports = ports;
    this.#plan = plan;
    this.#listener = listener;
  }

  start(): void {
    if (this.#container.startupProbe === undefined) this.#startOthers();
    else this.#startStartup();
  }

  stop(): void {
    this.#stop.abort();
  }

  #startStartup(): void {
    const decided = new AbortController();
    const onVerdict = (healthy: boolean, problem: string): void => {
      decided.abort();
      if (healthy) {
        this.#listener.started();
        this.#startOthers();
      } else this.#fail("startup", problem);
    };
    this.#watch("startup", undefined, onVerdict, AbortSignal.any([decided.signal, this.#stop.signal]));
  }

  #startOthers(): void {
    const onReadiness = (healthy: boolean, problem: string): void => {
      this.#listener.ready(healthy);
      if (!healthy) this.#listener.unhealthy(`Readiness probe failed: ${problem}`);
    };
    const onLiveness = (healthy: boolean, problem: string): void => {
      if (!healthy) this.#fail("liveness", problem);
    };
    this.#watch("readiness", false, onReadiness, this.#stop.signal);
    this.#watch("liveness", true, onLiveness, this.#stop.signal);
  }

  #watch(
    kind: ProbeKind,
    initiallyHealthy: boolean | undefined,
    onVerdict: (healthy: boolean, problem: string) => void,
    signal: AbortSignal,
  ): void {
    const probe = probeOf(this.#container, kind);
    if (probe === undefined) return;
    const command = { ...this.#plan, argv: this.#plan.probeCommands[kind] ?? [] };
    const target = { container: this.#container, ports: this.#ports, command };
    void watchProbe(probe, target, initiallyHealthy, onVerdict, signal);
  }

  #fail(kind: "startup" | "liveness", problem: string): void {
    const name = kind === "startup" ? "Startup" : "Liveness";
    this.#listener.unhealthy(`${name} probe failed: ${problem}`);
    this.#listener.failed(`Container ${this.#container.name} failed ${kind} probe, will be restarted`);
    this.#stop.abort();
  }
}
