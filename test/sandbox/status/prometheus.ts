import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";

export interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface RunningPrometheus {
  readonly address: string;
  close(): Promise<void>;
}

/** A real Prometheus on loopback that scrapes nothing and evaluates these rules every second. */
export async function startPrometheus(rules: readonly Rule[]): Promise<RunningPrometheus> {
  const folder = await mkdtemp(join(tmpdir(), "status-prometheus-"));
  const file = (name: string) => join(folder, name);
  await writeFile(file("rules.yml"), stringify({ groups: [{ name: "rules", rules }] }));
  const config = { global: { evaluation_interval: "1s" }, rule_files: [file("rules.yml")] };
  await writeFile(file("prometheus.yml"), stringify(config));
  const address = `127.0.0.1:${await freePort()}`;
  const child = spawn(
    "prometheus",
    [
      `--config.file=${file("prometheus.yml")}`,
      `--storage.tsdb.path=${file("data")}`,
      `--web.listen-address=${address}`,
    ],
    { cwd: folder, stdio: "ignore" },
  );
  await once(child, "spawn");
  return {
    address: `http://${address}`,
    close: async () => {
      await ended(child);
      await rm(folder, { recursive: true });
    },
  };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const closed = once(child, "close");
  child.kill("SIGTERM");
  await closed;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
}
