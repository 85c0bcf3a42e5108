import { describe, expect, it } from "vitest";
import { authorityFindings, certificateFindings } from "../../../cli/status/findings/secrets.ts";
import { authoritiesOf, certificatesOf } from "../../../cli/status/judge/certificates.ts";
import { authorityEnds } from "../../../cli/status/look/authorities.ts";
import { authority } from "../pki/chains.ts";
import { context, NOW, reported } from "./ground.ts";

const DAY_SECONDS = 86_400;
const declared = {
  ...{ namespace: "llm", store: "vault-store", externalSecret: "gateway-tls", paths: [] },
  ...{ refreshIntervalSeconds: (DAY_SECONDS * 2) / 3, certificateTtlSeconds: DAY_SECONDS },
};

function issued(lastSync: string | null) {
  const secret = {
    ...{ namespace: "llm", name: "gateway-tls", store: "vault-store", state: "synced" as const },
    ...{ reason: null, since: null, lastSync },
  };
  const certificates = certificatesOf([declared], [secret], NOW);
  return { certificates, findings: certificateFindings(certificates, context) };
}

describe("a certificate of a day", () => {
  it("is good until less than a quarter of its life is left: it was to be renewed with a third", () => {
    expect(issued("2026-11-26T09:00:00Z")).toEqual({
      certificates: [
        { namespace: "llm", name: "gateway-tls", expires: "2026-11-27T09:00:00.000Z", state: "good" },
      ],
      findings: [],
    });
    const { certificates, findings } = issued("2026-11-26T08:59:59Z");
    expect(certificates).toMatchObject([{ state: "near expiry" }]);
    expect(findings).toMatchObject([
      { area: "certificates", severity: "critical", runbook: "docs/runbook.md#certificatenearexpiry" },
    ]);
  });

  it("has ended a day after it was issued", () => {
    expect(issued("2026-11-26T03:00:00Z")).toMatchObject({
      certificates: [{ state: "expired" }],
      findings: [{ text: expect.stringMatching(/gateway-tls has ended 2026-11-27T03:00:00/) }],
    });
  });

  it("is none before its first sync, which its ExternalSecret tells of", () => {
    expect(issued(null)).toEqual({
      certificates: [{ namespace: "llm", name: "gateway-tls", expires: null, state: "none" }],
      findings: [],
    });
  });

  it("is nothing that a secret of KV has", () => {
    const { certificateTtlSeconds: _, ...plain } = declared;
    expect(certificatesOf([plain], [], NOW)).toEqual([]);
  });
});

describe("a CA", () => {
  const [warning, critical] = [60 * DAY_SECONDS, 30 * DAY_SECONDS];
  const ends = (part: "root" | "intermediate", seconds: number) => ({
    authority: {
      ...{ part, mount: "pki-int", issuer: "int-g1" },
      ...{ warningSeconds: warning, criticalSeconds: critical },
    },
    expires: new Date(NOW.getTime() + seconds * 1_000),
  });

  it.each([
    [warning, "good", undefined],
    [warning - 1, "near expiry", "warning"],
    [critical - 1, "ending", "critical"],
    [0, "expired", "critical"],
  ])("with %d s left is %s", (left, state, severity) => {
    const authorities = authoritiesOf([ends("intermediate", left)], NOW);
    expect(authorities).toMatchObject([{ mount: "pki-int", issuer: "int-g1", state }]);
    expect(authorityFindings(authorities, context).map((one) => one.severity)).toEqual(
      severity === undefined ? [] : [severity],
    );
  });

  it("ends as Vault has it, and one that Vault has not is unseen", async () => {
    const { pem } = await authority("Any CA", { hours: 24, madeAt: NOW.getTime() });
    const { expires, ...asked } = ends("intermediate", DAY_SECONDS);
    const path = "pki-int/issuer/int-g1/json";
    const has = (certificate: string | undefined) => ({ read: async () => ({ certificate }) });
    expect(await authorityEnds(has(pem), [asked.authority])).toEqual([{ ...asked, expires }]);
    await expect(authorityEnds(has(undefined), [asked.authority])).rejects.toThrow(path);
  });

  it("is told of with what to raise, a root with the intermediate below it", () => {
    const { findings } = reported({ authorities: { found: [ends("root", 1), ends("intermediate", 1)] } });
    expect(findings).toMatchObject([
      { next: expect.arrayContaining([expect.stringMatching(/root\.generation and pki\.intermediate/)]) },
      {
        ...{ area: "certificates", subject: "pki-int/int-g1" },
        next: expect.arrayContaining(["raise pki.intermediate.generation by one"]),
        runbook: "docs/runbook.md#certificateauthoritynearexpiry",
      },
    ]);
  });
});
