import { setTimeout } from "node:timers/promises";
import { CONTENT_TYPE, exposition } from "../shared/exposition.ts";
import { Log } from "../shared/log.ts";
import { listenAt, serveMetrics } from "../shared/serve.ts";
import { Follower } from "./follow.ts";
import { metrics } from "./metrics.ts";
import { Tally } from "./tally.ts";

/**
 * The audit reader: follows a Vault node's audit log, on the node, and counts what Vault's own metrics do not. Of an entry
 * it keeps names that operators chose, and nothing else.
 */

const USAGE = "usage: node audit-reader.mjs <audit log> --listen=[<host>]:<port>";

const POLL_MS = 500;

async function main(args: readonly string[]): Promise<number> {
  const [file, flag = "", ...more] = args;
  const listen = flag.startsWith("--listen=") ? listenAt(flag.slice("--listen=".length)) : undefined;
  if (file === undefined || listen === undefined || more.length > 0) {
    console.error(USAGE);
    return 2;
  }
  const stop = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => stop.abort());
  const log = new Log({ file });
  const tally = new Tally();
  const follower = new Follower(file, (line) => tally.take(line));
  await follower.poll();
  const server = await serveMetrics(listen, {
    contentType: CONTENT_TYPE,
    metrics: () => exposition(metrics, tally.samples()),
    ready: () => true,
  });
  log.step("following", { port: listen.port });
  while (!stop.signal.aborted) {
    await follower.poll();
    await setTimeout(POLL_MS, undefined, { signal: stop.signal }).catch(() => {});
  }
  server.close();
  await follower.close();
  return 0;
}

process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  // A file that may not be read any more: whoever runs this starts it again, and an alert tells that it is silent.
  console.error(error instanceof Error ? error.message : String(error));
  return 1;
});
