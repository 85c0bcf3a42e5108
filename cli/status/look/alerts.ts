import { request } from "undici";
import { z } from "zod";
import type { Alerts } from "../document.ts";

const TIMEOUT_MS = 5_000;

const labels = z.record(z.string(), z.string());
const rule = z.object({
  name: z.string(),
  labels: labels.default({}),
  annotations: labels.default({}),
  alerts: z
    .array(z.object({ labels, annotations: labels.default({}), state: z.string(), activeAt: z.string() }))
    .default([]),
});
const answer = z.object({ data: z.object({ groups: z.array(z.object({ rules: z.array(rule) })) }) });

type Rule = z.output<typeof rule>;

/**
 * What Prometheus says of this environment's alerting rules, by its HTTP API: those with the label `environment`.
 * @param address of Prometheus, or of a proxy in front with its path
 * @throws Error in words, when it does not answer as Prometheus does
 */
export async function alertsOf(address: string, environment: string): Promise<Alerts> {
  const base = address.replace(/\/+$/, "");
  const rules = await rulesAt(base);
  const own = rules.filter((one) => one.labels.environment === environment);
  return { askedAt: base, rules: own.length, firing: own.flatMap(firingOf) };
}

async function rulesAt(base: string): Promise<readonly Rule[]> {
  const { status, text } = await get(`${base}/api/v1/rules?type=alert`);
  if (status !== 200) throw new Error(`${base} answered ${status} to /api/v1/rules`);
  const parsed = answer.safeParse(json(text));
  if (!parsed.success) throw new Error(`${base} does not answer /api/v1/rules as Prometheus does`);
  return parsed.data.data.groups.flatMap(({ rules }) => rules);
}

function firingOf({ name, alerts }: Rule): Alerts["firing"] {
  return alerts
    .filter(({ state }) => state === "firing")
    .map((alert) => ({
      name,
      severity: alert.labels.severity ?? null,
      since: alert.activeAt,
      summary: alert.annotations.summary ?? null,
      runbook: alert.annotations.runbook ?? alert.annotations.runbook_url ?? null,
    }));
}

async function get(url: string): Promise<{ readonly status: number; readonly text: string }> {
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const { statusCode, body } = await request(url, { signal });
    return { status: statusCode, text: await body.text() };
  } catch (error) {
    throw new Error(`${new URL(url).origin} cannot be reached: ${reason(error)}`, { cause: error });
  }
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as { readonly code?: unknown };
  return error.message || (typeof code === "string" ? code : error.name);
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // a proxy's page: what it is not is said already
  }
}
