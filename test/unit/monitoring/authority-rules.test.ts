import { describe, expect, it } from "vitest";
import { domain, intermediateCa, rootCa } from "../pki/declarations.ts";
import { everything, rulesOf, watched } from "./declarations.ts";
import { expectAlerts, expectSummary, exported, promtool, type Series, steady } from "./promtool.ts";

const NAME = "CertificateAuthorityNearExpiry";
const BY = ["mount", "issuer", "severity"];
const MINUTE = 60;
const DAY = 86_400;
/** The ttl of the stack's certificate. */
const LEAF = 30 * DAY;

const rules = rulesOf(watched());
const intermediate = { mount: "pki-int", issuer: "int-g1" };
const root = { mount: "pki", issuer: "root-g1" };
const warning = { severity: "warning" };
const critical = { severity: "critical" };

function ends(authority: Readonly<Record<string, string>>, seconds: number): Series {
  return exported("ca_expiry_timestamp_seconds", authority, steady(seconds));
}

describe(NAME, () => {
  promtool(
    "warns of an intermediate, and is critical before a certificate could not be renewed",
    async () => {
      const warns = LEAF + 60 * DAY;
      const wakes = LEAF + 30 * DAY;
      await expectAlerts(rules, NAME, BY, [
        { series: ends(intermediate, warns + 5 * MINUTE), afterSeconds: 5 * MINUTE, fires: [] },
        {
          series: ends(intermediate, warns + 5 * MINUTE),
          afterSeconds: 8 * MINUTE,
          fires: [{ ...intermediate, ...warning }],
        },
        {
          series: ends(intermediate, wakes),
          afterSeconds: 8 * MINUTE,
          fires: [
            { ...intermediate, ...warning },
            { ...intermediate, ...critical },
          ],
        },
      ]);
    },
  );

  promtool("warns of a root a year before: its clients have to get the next one", async () => {
    await expectAlerts(rules, NAME, BY, [
      { series: ends(root, LEAF + 366 * DAY), afterSeconds: 8 * MINUTE, fires: [] },
      {
        series: ends(root, LEAF + 364 * DAY),
        afterSeconds: 8 * MINUTE,
        fires: [{ ...root, ...warning }],
      },
    ]);
  });

  promtool("does not fire for the generation before, nor for another mount", async () => {
    const others = {
      ...ends(intermediate, MINUTE),
      ...ends({ ...intermediate, mount: "pki-other", issuer: "int-g2" }, MINUTE),
      ...ends({ ...intermediate, issuer: "int-g2" }, 1_000 * DAY),
    };
    const pki = { domains: [domain], root: rootCa, intermediate: { ...intermediateCa, generation: 2 } };
    const next = rulesOf(watched(everything, { pki }));
    await expectAlerts(next, NAME, BY, [{ series: others, afterSeconds: 8 * MINUTE, fires: [] }]);
  });

  promtool("says which, and how much is left", async () => {
    const warnings = rules.filter(({ labels }) => labels.severity === "warning");
    await expectSummary(
      warnings,
      NAME,
      { series: ends(intermediate, 2 * 3_600), afterSeconds: 3_600, fires: [intermediate] },
      "The CA int-g1 of pki-int ends in 1h 0m 0s.",
    );
  });

  it("is not there without a CA", () => {
    const without = rulesOf({ ...watched(), pki: undefined });
    expect(without.map(({ alert }) => alert)).not.toContain(NAME);
  });
});
