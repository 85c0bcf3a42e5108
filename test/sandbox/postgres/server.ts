import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chown, mkdtemp, open, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { ensureAuthority, ensureCertificate } from "../../../sandbox/certificates/authority.ts";
import { until } from "../../../sandbox/processes/until.ts";
import type { SandboxPaths } from "../../../sandbox/state.ts";
import { testPortBase } from "../harness.ts";
import { type Account, connects, query, type Row } from "./client.ts";
import { findPostgres, howToGetPostgres, type PostgresPrograms, serverAccount } from "./programs.ts";

const run = promisify(execFile);

/** In the tests' sandbox: the last of the ports that are its own. */
export const postgresPort = testPortBase + 39;
const deadlineMs = 30_000;

/** A PostgreSQL of a test file's own, on loopback: TLS and SCRAM alone, no Unix socket, its data gone at the end. */
export interface Postgres {
  readonly port: number;
  /** Trusts the server's certificate, for `127.0.0.1` and `localhost`. */
  readonly caPem: string;
  /** May do everything. */
  readonly superuser: Account;
  /** As the superuser. */
  query(sql: string): Promise<readonly Row[]>;
  /** Everything the server has logged. */
  log(): Promise<string>;
  /** Ends it at once, open connections too; its data stays. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** For good. */
  close(): Promise<void>;
}

interface Place {
  readonly programs: PostgresPrograms;
  readonly owner: Awaited<ReturnType<typeof serverAccount>>;
  /** Its own, and the server's account's: the sandbox's folder lets nobody else in. */
  readonly folder: string;
  readonly data: string;
  readonly logFile: string;
  readonly port: number;
}

export async function startPostgres(paths: SandboxPaths, port: number): Promise<Postgres> {
  const programs = await findPostgres();
  if (programs === undefined) throw new Error(howToGetPostgres);
  const owner = await serverAccount();
  const folder = await mkdtemp(join(tmpdir(), "postgres-"));
  const place = { programs, owner, folder, data: join(folder, "data"), logFile: join(folder, "log"), port };
  await give(owner, folder);
  const superuser = { username: "postgres", password: randomBytes(24).toString("base64url") };
  await makeCluster(place, superuser);
  await configure(place, paths);
  const caPem = await readFile(paths.caFile, "utf8");
  const at = { port, caPem };
  let server = await serve(place, () => connects(at, superuser));
  const stop = () => end(server);
  return {
    ...at,
    superuser,
    query: (sql) => query(at, superuser, sql),
    log: () => readFile(place.logFile, "utf8"),
    stop,
    start: async () => {
      server = await serve(place, () => connects(at, superuser));
    },
    close: async () => {
      await stop();
      await rm(folder, { recursive: true });
    },
  };
}

async function makeCluster({ programs, owner, folder, data }: Place, superuser: Account): Promise<void> {
  const passwordFile = join(folder, "password");
  await write(owner, passwordFile, superuser.password);
  await run(
    programs.initdb,
    [
      ...["--pgdata", data, "--username", superuser.username, "--pwfile", passwordFile],
      ...["--auth", "scram-sha-256", "--encoding", "UTF8", "--no-locale", "--no-sync"],
    ],
    { ...owner, cwd: folder, env: {} },
  );
  await rm(passwordFile);
}

async function configure({ owner, data, port }: Place, paths: SandboxPaths): Promise<void> {
  const { certFile, keyFile } = await ensureCertificate(paths, await ensureAuthority(paths), {
    name: "postgres",
    commonName: "postgres",
    dns: ["localhost"],
    ips: ["127.0.0.1"],
    usages: ["server"],
  });
  await write(owner, join(data, "server.crt"), await readFile(certFile, "utf8"));
  await write(owner, join(data, "server.key"), await readFile(keyFile, "utf8"));
  await write(owner, join(data, "pg_hba.conf"), "hostssl all all 127.0.0.1/32 scram-sha-256\n");
  const settings = {
    listen_addresses: "'127.0.0.1'",
    unix_socket_directories: "''",
    port,
    ssl: "on",
    password_encryption: "'scram-sha-256'",
    // A crash of the machine loses a test's data alone.
    fsync: "off",
    log_connections: "on",
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}\n`);
  await write(owner, join(data, "postgresql.auto.conf"), lines.join(""));
}

async function serve(
  { programs, owner, folder, data, logFile }: Place,
  ready: () => Promise<boolean>,
): Promise<ChildProcess> {
  const log = await open(logFile, "a", 0o600);
  try {
    const server = spawn(programs.postgres, ["-D", data], {
      ...owner,
      cwd: folder,
      env: {},
      stdio: ["ignore", log.fd, log.fd],
    });
    await once(server, "spawn");
    await until("PostgreSQL took connections", { deadlineMs }, async () => {
      if (server.exitCode !== null) throw new Error(`PostgreSQL ended:\n${await readFile(logFile, "utf8")}`);
      return (await ready()) ? true : undefined;
    });
    return server;
  } finally {
    await log.close();
  }
}

/** Its fast shutdown: the polite one waits for clients to leave, and Vault keeps its connections. */
async function end(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const ended = once(server, "exit");
  server.kill("SIGINT");
  await ended;
}

async function write(owner: Place["owner"], file: string, content: string): Promise<void> {
  await writeFile(file, content, { mode: 0o600 });
  await give(owner, file);
}

async function give({ uid, gid }: Place["owner"], path: string): Promise<void> {
  if (uid !== undefined && gid !== undefined) await chown(path, uid, gid);
}
