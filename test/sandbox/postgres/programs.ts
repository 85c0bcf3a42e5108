import { execFile } from "node:child_process";
import { access, constants, readdir } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Debian keeps each version's servers in a folder of its own, off PATH. */
const packages = "/usr/lib/postgresql";

/** Said by tests that are skipped for want of it. */
export const howToGetPostgres = "PostgreSQL is not on this machine: apt-get install postgresql";

export interface PostgresPrograms {
  readonly initdb: string;
  readonly postgres: string;
}

/** The machine's own PostgreSQL: of its newest package, else on PATH; `undefined` where there is none. */
export async function findPostgres(): Promise<PostgresPrograms | undefined> {
  const versions = await readdir(packages).catch(() => []);
  const newestFirst = versions.toSorted((a, b) => Number(b) - Number(a));
  const folders = newestFirst.map((version) => join(packages, version, "bin"));
  for (const folder of [...folders, ...(process.env.PATH ?? "").split(delimiter)]) {
    const programs = { initdb: join(folder, "initdb"), postgres: join(folder, "postgres") };
    if (await executable(programs)) return programs;
  }
  return undefined;
}

/** Whom the server runs as: it refuses root, who lends it the account that its package brings. */
export async function serverAccount(): Promise<{ readonly uid?: number; readonly gid?: number }> {
  if (process.getuid?.() !== 0) return {};
  const [uid, gid] = await Promise.all(
    ["-u", "-g"].map(async (what) => Number((await run("id", [what, "postgres"])).stdout)),
  );
  return { ...(uid === undefined ? {} : { uid }), ...(gid === undefined ? {} : { gid }) };
}

async function executable({ initdb, postgres }: PostgresPrograms): Promise<boolean> {
  try {
    await Promise.all([initdb, postgres].map((program) => access(program, constants.X_OK)));
    return true;
  } catch {
    return false;
  }
}
