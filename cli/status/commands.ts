import { homedir } from "node:os";
import type { Settings } from "../../config/schema.ts";
import { durationMs } from "../../config/values.ts";
import { vaultConnection, vaultServer } from "../connection.ts";
import { kubeConfigFor } from "../kube-config.ts";
import { stackSettings } from "../stack.ts";
import type { StatusDocument } from "./document.ts";
import type { Context } from "./findings/context.ts";
import { lookAround, type Places } from "./look.ts";
import { type Paint, paintFor } from "./palette.ts";
import { reportOf } from "./report.ts";
import { seen } from "./seen.ts";
import { statusText } from "./text.ts";
import { watch } from "./watch.ts";

/** Exit codes by what was found; 1 also for a command that cannot begin. */
const EXIT_CODES: Readonly<Record<StatusDocument["state"], number>> = { well: 0, unseen: 1, wrong: 2 };

/** Least time between two looks: each costs Vault a request for every path. */
const LEAST_INTERVAL = "1s";

export interface StatusOptions {
  readonly stack: string;
  readonly context?: string;
  readonly prometheus?: string;
  readonly watch?: true;
  readonly interval: string;
  readonly json?: true;
}

/** @returns the exit code of the last look: 0 well, 2 something wrong or unseen, 1 nothing could be looked at */
export async function status(options: StatusOptions): Promise<number> {
  const intervalMs = intervalOf(options);
  const settings = await stackSettings(options.stack);
  const context = contextOf(settings, options);
  const prometheus = prometheusOf(settings, options);
  const paint = paintFor(process.stdout, process.env);
  let code = 1;
  const look = async () => {
    const begun = new Date();
    const facts = await lookAround(settings, await placesOf(context, prometheus));
    const report = reportOf(facts, context, begun, new Date());
    code = EXIT_CODES[report.state];
    return textOf(report, options, paint);
  };
  if (options.watch !== true) console.log(await look());
  else await watch(look, process.stdout, { intervalMs, ended: interrupted() });
  return code;
}

function textOf(report: StatusDocument, { json, watch: again }: StatusOptions, paint: Paint): string {
  if (!json) return statusText(report, paint);
  return again ? JSON.stringify(report) : JSON.stringify(report, null, 2);
}

function contextOf(settings: Settings, { stack, context }: StatusOptions): Context {
  return { settings, stack, kubeContext: context ?? settings.kubernetes.context };
}

/** Read at each look: a person may log in anew meanwhile. */
async function placesOf({ settings, kubeContext }: Context, prometheus: string | undefined): Promise<Places> {
  const server = await vaultServer(settings.vault, process.env);
  return {
    server,
    vault: await seen(() => vaultConnection(settings.vault, process.env, homedir())),
    kubernetes: await seen(async () => kubeConfigFor(kubeContext, "--context <name>")),
    ...(prometheus === undefined ? {} : { prometheus }),
  };
}

function intervalOf({ interval }: StatusOptions): number {
  const milliseconds = durationMs(interval);
  if (milliseconds >= durationMs(LEAST_INTERVAL)) return milliseconds;
  throw new Error(
    `--interval: found ${JSON.stringify(interval)}; allowed is a Go duration of at least ${LEAST_INTERVAL}, with its unit, ` +
      "e.g. 5s or 1m",
  );
}

function prometheusOf({ monitoring }: Settings, { prometheus }: StatusOptions): string | undefined {
  if (prometheus === undefined) return monitoring.prometheusAddress;
  const url = URL.canParse(prometheus) ? new URL(prometheus) : undefined;
  const usable = url !== undefined && ["http:", "https:"].includes(url.protocol);
  if (usable && url.username === "" && url.password === "") return prometheus;
  throw new Error(
    "--prometheus: allowed is http://host[:port] or https://host[:port], without a user and a password, e.g. " +
      "http://127.0.0.1:9090 of kubectl port-forward",
  );
}

/** A watch ends when a person says so, as it would after its last look. */
function interrupted(): AbortSignal {
  const ended = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => ended.abort());
  return ended.signal;
}
