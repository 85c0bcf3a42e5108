import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { rotationRule } from "../../../components/rotation/alerts.ts";
import { everything, rulesOf, watched } from "./declarations.ts";
import { checkRules, promtool } from "./promtool.ts";

const settings = watched();
const { rotation } = settings;
const [key] = rotation?.keys ?? [];
if (rotation === undefined || key === undefined) throw new Error("no rotation");

const rules = [
  ...rulesOf(settings),
  ...rotationRule(settings, rotation, key).spec.groups.flatMap((group) => group.rules),
];
const names = [...new Set(rules.map(({ alert }) => alert))].toSorted();

const page = readFileSync(new URL("../../../docs/runbook.md", import.meta.url), "utf8");
/** Heading -> what stands below it. */
const sections = new Map(
  page
    .split(/^## /m)
    .slice(1)
    .map((section) => {
      const end = section.indexOf("\n");
      return [section.slice(0, end), section.slice(end).trim()] as const;
    }),
);

it("has every alert that a stack can have", () => {
  expect(names).toEqual(
    [
      ...["SecretSyncFailing", "SecretSyncStale", "SecretSyncLagging", "SecretStoreNotReady", "EsoDown"],
      ...["CertificateNearExpiry", "CertificateAuthorityNearExpiry", "RotationOverdue"],
      ...["AuditDeviceFailing", "AuditDevicesTooFew"],
      ...[
        "VaultNodeDown",
        "VaultSealed",
        "VaultNoLeader",
        "VaultTwoLeaders",
        "VaultTelemetryMissing",
        "VaultRaftLag",
        "BreakGlassUsed",
        "BreakGlassOpen",
      ],
      ...["UnexpectedDeniedReads", "ExporterDown", "AuditReaderSilent"],
      ...["ProviderKeyRotationFailing", "ProviderKeyRotationOverdue", "ProviderKeyRevocationOverdue"],
    ].toSorted(),
  );
});

promtool("has rules that Prometheus takes, none of them twice", () => checkRules(rules));

describe.each(names)("%s", (name) => {
  const own = rules.filter(({ alert }) => alert === name);

  it("says how grave it is, what is wrong, who notices, and where to read on", () => {
    for (const { labels, annotations } of own) {
      expect(labels.severity).toMatch(/^(warning|critical)$/);
      expect(labels.environment).toBe("dev");
      expect(Object.keys(annotations)).toEqual(["summary", "impact", "runbook"]);
      for (const text of [annotations.summary, annotations.impact]) expect(text).toMatch(/^\S.*\S\.$/s);
    }
  });

  it("has a section in the runbook under its anchor, which begins with what to run", () => {
    const section = sections.get(name);
    expect(section).toMatch(/^```sh\n(npm run|kubectl|vault|curl) /);
    for (const { annotations } of own)
      expect(annotations.runbook).toBe(`docs/runbook.md#${name.toLowerCase()}`);
  });

  it("stands in the runbook's table with its severity", () => {
    const row = page.split("\n").find((line) => line.startsWith(`| [${name}](#${name.toLowerCase()}) |`));
    const severities = [...new Set(own.map(({ labels }) => labels.severity))];
    expect(row).toContain(`| ${severities.join(", then ")} |`);
  });
});

/** What acts on a stack, in a block or in a sentence. */
const commands = [...page.matchAll(/^npm run .*?(?=\s+#|$)|(?<=`)(?:npm run|pulumi) [^`]*(?=`)/gm)].map(
  ([command]) => command,
);

it("names the stack in every command: left out it would be dev, whichever environment the alert is of", () => {
  expect(commands.filter((one) => one.startsWith("npm run"))).toHaveLength(page.split("npm run").length - 1);
  expect(commands.filter((one) => !one.endsWith(" --stack <environment>"))).toEqual([]);
});

it("links to the page that the stack declares", () => {
  const own = watched({ ...everything, runbookUrl: "https://wiki.voyager.internal/runbook" });
  for (const { alert, annotations } of rulesOf(own)) {
    expect(annotations.runbook).toBe(`https://wiki.voyager.internal/runbook#${alert.toLowerCase()}`);
  }
});

it("has no section without an alert", () => {
  expect([...sections.keys()].toSorted()).toEqual(names);
});
