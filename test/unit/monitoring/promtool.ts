import { execFile, execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { it } from "vitest";
import { stringify } from "yaml";
import type { AlertRule } from "../../../components/monitoring/rules/rule.ts";

const run = promisify(execFile);

/** Prometheus' own judge of rules; where it is missing: `apt-get install prometheus`, which .ci/run does. */
export const promtool = missing() ? it.skip : it;

function missing(): boolean {
  try {
    execFileSync("promtool", ["--version"], { stdio: "ignore" });
    return false;
  } catch {
    console.log("skipped: no promtool on PATH (Debian: the package prometheus)");
    return true;
  }
}

/** Seconds between two samples, and between two looks at the rules. */
export const STEP_SECONDS = 15;

/** Series -> its samples in promtool's notation, one each {@link STEP_SECONDS}. */
export type Series = Readonly<Record<string, string>>;

/** What stands in the series, and who is told after so long: the firing alerts' own labels, as `by` chooses them. */
export interface Case {
  readonly series: Series;
  readonly afterSeconds: number;
  /** One map of labels for each alert that fires; none where nobody is told. */
  readonly fires: readonly Readonly<Record<string, string>>[];
}

/** A value that stays for so long. */
export function steady(value: number, seconds = 10_800): string {
  return `${value}x${Math.ceil(seconds / STEP_SECONDS)}`;
}

/** One value until a moment, another from then on. */
export function until(before: number, changeSeconds: number, after: number, seconds = 10_800): string {
  return `${steady(before, changeSeconds - STEP_SECONDS)} ${steady(after, seconds)}`;
}

/** Nothing until a moment. */
export function from(bornSeconds: number, value: number, seconds = 10_800): string {
  return `_x${Math.ceil(bornSeconds / STEP_SECONDS)} ${steady(value, seconds)}`;
}

/** A series as promtool writes it. */
export function metric(name: string, labels: Readonly<Record<string, string>> = {}): string {
  const all = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  return `${name}{${all.join(",")}}`;
}

/** A metric of an exporter's, by its name without prefix: this stack's, or another's of the same Prometheus. */
export function exported(
  name: string,
  labels: Readonly<Record<string, string>>,
  values: string,
  environment = "dev",
): Series {
  const target = { job: "exporter", instance: `exporter-of-${environment}:9464` };
  return { [metric(`vault_management_${name}`, { ...labels, environment, ...target })]: values };
}

/**
 * Runs cases of one alert through promtool.
 * @param by the labels that tell its series apart
 * @throws with promtool's own words, when somebody is told who should not be, or the other way round
 */
export async function expectAlerts(
  rules: readonly AlertRule[],
  alertname: string,
  by: readonly string[],
  cases: readonly Case[],
): Promise<void> {
  const tested = rules.filter(({ alert }) => alert === alertname);
  if (tested.length === 0) throw new Error(`no rule ${alertname}`);
  const firing = `ALERTS{alertname="${alertname}",alertstate="firing"}`;
  await test(tested, {
    tests: cases.map(({ series, afterSeconds, fires }) => ({
      interval: `${STEP_SECONDS}s`,
      input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
      promql_expr_test: [
        {
          expr: `count by (${by.join(", ")}) (${firing})`,
          eval_time: `${afterSeconds}s`,
          exp_samples: fires.map((labels) => ({ labels: metric("", labels), value: 1 })),
        },
      ],
    })),
  });
}

/** What a person reads of the alerts that fire at that moment: summaries, as Prometheus fills them in. */
export async function expectSummary(
  rules: readonly AlertRule[],
  alertname: string,
  { series, afterSeconds, fires: [labels = {}] }: Case,
  summary: string,
): Promise<void> {
  const tested = rules.filter(({ alert }) => alert === alertname);
  const [rule] = tested;
  if (rule === undefined) throw new Error(`no rule ${alertname}`);
  await test(tested, {
    tests: [
      {
        interval: `${STEP_SECONDS}s`,
        input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
        alert_rule_test: [
          {
            eval_time: `${afterSeconds}s`,
            alertname,
            exp_alerts: [
              {
                exp_labels: { ...rule.labels, ...labels },
                exp_annotations: { ...rule.annotations, summary },
              },
            ],
          },
        ],
      },
    ],
  });
}

/** Whether Prometheus takes them. */
export async function checkRules(rules: readonly AlertRule[]): Promise<void> {
  await inFolder(rules, (folder) => run("promtool", ["check", "rules", join(folder, "rules.yaml")]));
}

async function test(rules: readonly AlertRule[], tests: object): Promise<void> {
  await inFolder(rules, async (folder) => {
    const file = join(folder, "test.yaml");
    const frame = { rule_files: ["rules.yaml"], evaluation_interval: `${STEP_SECONDS}s` };
    await writeFile(file, stringify({ ...frame, ...tests }));
    try {
      await run("promtool", ["test", "rules", file]);
    } catch (error) {
      const { stdout = "", stderr = "" } = error as { readonly stdout?: string; readonly stderr?: string };
      throw new Error(stdout + stderr || String(error));
    }
  });
}

async function inFolder(
  rules: readonly AlertRule[],
  act: (folder: string) => Promise<unknown>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "promtool-"));
  try {
    await writeFile(join(folder, "rules.yaml"), stringify({ groups: [{ name: "tested", rules }] }));
    await act(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}
