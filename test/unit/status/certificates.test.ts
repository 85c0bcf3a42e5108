import { describe, expect, it } from "vitest";
import { certificateFindings } from "../../../cli/status/findings/secrets.ts";
import { certificatesOf } from "../../../cli/status/judge/certificates.ts";
import { context, NOW } from "./ground.ts";

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
