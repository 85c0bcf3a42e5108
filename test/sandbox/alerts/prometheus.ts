import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import type { RuleGroup } from "../../../components/monitoring/rules/all.ts";
import { until } from "../../../sandbox/processes/until.ts";

/** Why there is none to be had; `undefined` where there is. */
export function whyNoPrometheus(): string | undefined {
  try {
    execFileSync("prometheus", ["--version"], { stdio: "ignore" });
    return undefined;
  } catch {
    return "no prometheus on PATH (Debian: the package prometheus)";
  }
}

/** As often as a test can use; the rules' own times are left as they are. */
const EVERY = "1s";

/** An alert as Prometheus has it: `pending` until its `for` is over. */
export interface ActiveAlert {
  readonly state: "pending" | "firing";
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** A real Prometheus on loopback that evaluates a stack's own rules. */
export class Prometheus {
  readonly address: string;
  readonly #folder: string;
  readonly #server: ChildProcess;

  private constructor(address: string, folder: string, server: ChildProcess) {
    this.address = address;
    this.#folder = folder;
    this.#server = server;
  }

  /** @param jobs whose targets are told by {@link scrape}, as a Prometheus Operator would find them */
  static async start(groups: readonly RuleGroup[], jobs: readonly string[]): Promise<Prometheus> {
    const folder = await mkdtemp(join(tmpdir(), "prometheus-"));
    const address = `127.0.0.1:${await freePort()}`;
    await writeFile(join(folder, "rules.yaml"), stringify({ groups }));
    await writeFile(join(folder, "prometheus.yaml"), stringify(configuration(folder, jobs)));
    await Promise.all(jobs.map((job) => writeTargets(folder, job, [])));
    const server = spawn(
      "prometheus",
      [
        `--config.file=${join(folder, "prometheus.yaml")}`,
        `--storage.tsdb.path=${join(folder, "data")}`,
        `--web.listen-address=${address}`,
        "--log.level=warn",
      ],
      { cwd: folder, env: {}, stdio: ["ignore", "ignore", "pipe"] },
    );
    let log = "";
    server.stderr?.on("data", (chunk) => {
      log += String(chunk);
    });
    await once(server, "spawn");
    await until("Prometheus was ready", { deadlineMs: 60_000 }, async () => {
      if (server.exitCode !== null) throw new Error(`Prometheus ended:\n${log}`);
      const ready = await fetch(`http://${address}/-/ready`).catch(() => undefined);
      return ready?.ok ? true : undefined;
    });
    return new Prometheus(address, folder, server);
  }

  /** Where a job is scraped from now on. */
  scrape(job: string, targets: readonly string[]): Promise<void> {
    return writeTargets(this.#folder, job, targets);
  }

  async alerts(): Promise<readonly ActiveAlert[]> {
    const { alerts } = (await this.#get("alerts")) as { readonly alerts: readonly ActiveAlert[] };
    return alerts;
  }

  /** Each series of an instant query: its labels. */
  async query(expr: string): Promise<readonly Readonly<Record<string, string>>[]> {
    const { result } = (await this.#get(`query?query=${encodeURIComponent(expr)}`)) as {
      readonly result: readonly { readonly metric: Readonly<Record<string, string>> }[];
    };
    return result.map(({ metric }) => metric);
  }

  async stop(): Promise<void> {
    const ended = once(this.#server, "exit");
    if (this.#server.exitCode === null && this.#server.kill("SIGKILL")) await ended;
    await rm(this.#folder, { recursive: true });
  }

  async #get(path: string): Promise<unknown> {
    const answer = await fetch(`http://${this.address}/api/v1/${path}`);
    const { status, data, error } = (await answer.json()) as {
      readonly status: string;
      readonly data: unknown;
      readonly error?: string;
    };
    if (status !== "success") throw new Error(`Prometheus: ${error}`);
    return data;
  }
}

function configuration(folder: string, jobs: readonly string[]): object {
  return {
    global: { scrape_interval: EVERY, evaluation_interval: EVERY },
    rule_files: [join(folder, "rules.yaml")],
    scrape_configs: jobs.map((job) => ({
      job_name: job,
      // As the ServiceMonitors have it.
      honor_labels: true,
      file_sd_configs: [{ files: [targetsFile(folder, job)], refresh_interval: EVERY }],
    })),
  };
}

/** Replaced in one step: Prometheus may read it at any moment. */
async function writeTargets(folder: string, job: string, targets: readonly string[]): Promise<void> {
  const file = targetsFile(folder, job);
  await writeFile(`${file}.new`, JSON.stringify([{ targets }]));
  await rename(`${file}.new`, file);
}

function targetsFile(folder: string, job: string): string {
  return join(folder, `targets-${job}.json`);
}

/** A port of loopback that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
