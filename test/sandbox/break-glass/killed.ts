import { spawn } from "node:child_process";
import { join } from "node:path";
import { COMPILED } from "../../../sandbox/engine/credentials.ts";
import { projectFolder } from "../main-job/ground.ts";
import type { Passing, Proxies } from "../rotation/proxy.ts";
import { type BreakGlassGround, PATH } from "./ground.ts";

/** Requests that change nothing, although they are no GET. */
const LOOKS = /lookup-accessor|capabilities|list=true/;

/**
 * Revokes again and again, each run killed at the next changing request that no run was killed at: once before it is carried
 * out, once after it, its answer lost. Ends with a run that nobody kills.
 * @returns where runs were killed, and the last one's exit code
 */
export async function killedEverywhere(
  ground: BreakGlassGround,
  proxies: Proxies,
): Promise<{ readonly killedAt: readonly string[]; readonly code: number | null }> {
  const killedAt: string[] = [];
  for (;;) {
    const before = killedAt.length;
    const code = await oneRun(ground, proxies, killedAt);
    if (killedAt.length === before) return { killedAt, code };
  }
}

async function oneRun(
  ground: BreakGlassGround,
  proxies: Proxies,
  killedAt: string[],
): Promise<number | null> {
  const env = {
    ...(await ground.environmentOf("breakGlass")),
    ...{ VAULT_ADDR: proxies.addresses.vault, NODE_COMPILE_CACHE: COMPILED },
  };
  const args = [
    join(projectFolder, "cli/break-glass/main.ts"),
    "revoke",
    PATH,
    "--provider",
    "--yes-i-mean",
    PATH,
  ];
  const child = spawn(process.execPath, args, { cwd: ground.folder, env, stdio: "ignore" });
  let struck = false;
  const strike =
    (when: string) =>
    async ({ label, url, kind }: Passing) => {
      const place = `${when} ${label}`;
      if (struck || / GET /.test(kind) || LOOKS.test(url) || killedAt.includes(place)) return;
      struck = true;
      killedAt.push(place);
      child.kill("SIGKILL");
      throw new Error("killed");
    };
  proxies.watch({ before: strike("before"), after: strike("after") });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
}
