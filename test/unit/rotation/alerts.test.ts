import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { rotationRule } from "../../../components/rotation/alerts.ts";
import { promtool } from "../monitoring/promtool.ts";
import { rotating } from "./declarations.ts";

const settings = rotating();
const { rotation } = settings;
const key = rotation?.keys[0];
if (rotation === undefined || key === undefined) throw new Error("no rotation");
const rule = rotationRule(settings, rotation, key);

const run = promisify(execFile);
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "alerts-"));
  await writeFile(join(folder, "rules.yaml"), stringify(rule.spec));
});
afterAll(() => rm(folder, { recursive: true }));

/** Series by name, and their samples in promtool's notation: one an hour. */
type Series = Readonly<Record<string, string>>;

const hour = 3_600;
const week = 7 * 24 * hour;
const at = { namespace: "vault-rotation" };
const cronJob = (name: string) => labels({ ...at, cronjob: name });
const job = (name: string, more: object = {}) => labels({ ...at, job_name: name, ...more });

function labels(all: object): string {
  return `{${Object.entries(all)
    .map(([name, value]) => `${name}="${value}"`)
    .join(",")}}`;
}

/** Both CronJobs since the beginning, and when each last succeeded: every hour anew, unless said otherwise. */
function cronJobs({ rotated = "0+3600x400", finished = "0+3600x400" } = {}): Series {
  const success = "kube_cronjob_status_last_successful_time";
  return {
    [`kube_cronjob_created${cronJob("rotate-openai-llm")}`]: "0x400",
    [`kube_cronjob_created${cronJob("finish-openai-llm")}`]: "0x400",
    [`${success}${cronJob("rotate-openai-llm")}`]: rotated,
    [`${success}${cronJob("finish-openai-llm")}`]: finished,
  };
}

/** A Job that failed, made by a CronJob at that second. */
function failedJob(owner: string, created: number): Series {
  const name = `${owner}-29000000`;
  return {
    [`kube_job_created${job(name)}`]: `${created}x400`,
    [`kube_job_owner${job(name, { owner_kind: "CronJob", owner_name: owner })}`]: "1x400",
    [`kube_job_failed${job(name, { condition: "true" })}`]: "1x400",
    [`kube_job_failed${job(name, { condition: "false" })}`]: "0x400",
  };
}

/** The alerts of that name that fire after so many hours, as promtool says. */
async function fires(alertname: string, hours: number, series: Series): Promise<boolean> {
  const test = (expected: readonly object[]) => ({
    rule_files: ["rules.yaml"],
    evaluation_interval: "1h",
    tests: [
      {
        interval: "1h",
        input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
        alert_rule_test: [{ eval_time: `${hours}h`, alertname, exp_alerts: expected }],
      },
    ],
  });
  const file = join(folder, "test.yaml");
  await writeFile(file, stringify(test([])));
  try {
    await run("promtool", ["test", "rules", file]);
    return false;
  } catch (error) {
    const output = String((error as { readonly stdout?: string }).stdout) + String(error);
    if (!output.includes(`alertname: ${alertname}`) && !output.includes(`alertname="${alertname}"`))
      throw error;
    return true;
  }
}

describe("the alerts of a key", () => {
  it("say what it means, how grave it is and where to read on", () => {
    const { rules } = rule.spec.groups[0] ?? { rules: [] };
    expect(rules.map(({ alert, labels }) => [alert, labels.severity])).toEqual([
      ["ProviderKeyRotationFailing", "warning"],
      ["ProviderKeyRotationOverdue", "critical"],
      ["ProviderKeyRevocationOverdue", "warning"],
    ]);
    for (const { annotations, labels } of rules) {
      expect(labels).toMatchObject({ environment: "dev", rotation: "openai-llm" });
      expect(Object.keys(annotations)).toEqual(["summary", "impact", "runbook"]);
      expect(annotations.runbook).toMatch(/^docs\/runbook\.md#[a-z]+$/);
    }
  });

  promtool("are rules that Prometheus takes", async () => {
    await run("promtool", ["check", "rules", join(folder, "rules.yaml")]);
  });
});

describe("ProviderKeyRotationFailing", () => {
  const failing = (series: Series) => fires("ProviderKeyRotationFailing", 20, series);

  promtool("fires for a Job that failed after the last success, of either CronJob", async () => {
    expect(
      await failing({ ...cronJobs({ rotated: "3600x400" }), ...failedJob("rotate-openai-llm", 7_200) }),
    ).toBe(true);
    expect(
      await failing({ ...cronJobs({ finished: "3600x400" }), ...failedJob("finish-openai-llm", 7_200) }),
    ).toBe(true);
  });

  promtool("fires where none has ever succeeded", async () => {
    const never = Object.fromEntries(
      Object.entries(cronJobs()).filter(([name]) => !name.includes("last_successful")),
    );
    expect(await failing({ ...never, ...failedJob("rotate-openai-llm", 7_200) })).toBe(true);
  });

  promtool(
    "does not where a later one succeeded, where another key's failed, or where none did",
    async () => {
      const { series } = { series: cronJobs({ rotated: "9000x400" }) };
      expect(await failing({ ...series, ...failedJob("rotate-openai-llm", 7_200) })).toBe(false);
      expect(await failing({ ...series, ...failedJob("rotate-other", 50_000) })).toBe(false);
      expect(await failing(series)).toBe(false);
    },
  );
});

describe("ProviderKeyRotationOverdue", () => {
  const overdue = (hours: number, series: Series) => fires("ProviderKeyRotationOverdue", hours, series);
  const last = cronJobs({ rotated: `${hour}x400` });

  promtool("fires a week and two hours after the last success, and not before", async () => {
    expect(await overdue(week / hour, last)).toBe(false);
    expect(await overdue(week / hour + 6, last)).toBe(true);
  });

  promtool("fires where the CronJob is not seen at all", async () => {
    expect(await overdue(5, { up: "1x400" })).toBe(true);
  });

  promtool("does not while it succeeds", async () => {
    expect(await overdue(300, cronJobs())).toBe(false);
  });
});

describe("ProviderKeyRevocationOverdue", () => {
  promtool("fires when nobody has looked for longer than six hours and the grace", async () => {
    const stuck = cronJobs({ finished: "0x400" });
    expect(await fires("ProviderKeyRevocationOverdue", 6, stuck)).toBe(false);
    expect(await fires("ProviderKeyRevocationOverdue", 12, stuck)).toBe(true);
    expect(await fires("ProviderKeyRevocationOverdue", 300, cronJobs())).toBe(false);
  });
});
