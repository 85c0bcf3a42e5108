import { describe, expect, it } from "vitest";
import { metrics } from "../../../jobs/audit-reader/metrics.ts";
import { Tally } from "../../../jobs/audit-reader/tally.ts";
import { exposition } from "../../../jobs/shared/exposition.ts";

interface Entry {
  readonly id?: string;
  readonly type?: "request" | "response";
  readonly role?: string;
  readonly policies?: readonly string[];
  readonly identityPolicies?: readonly string[];
  readonly error?: string;
  readonly mount?: string;
  readonly path?: string;
  readonly operation?: string;
  readonly time?: string;
}

/** One line of a Vault audit device, fields in Vault's order. */
function line(entry: Entry): string {
  return JSON.stringify({
    auth: {
      display_name: "kubernetes-llm-vault-store",
      identity_policies: entry.identityPolicies,
      metadata: entry.role === undefined ? {} : { role: entry.role },
      policies: entry.policies ?? [],
    },
    error: entry.error,
    request: {
      id: entry.id ?? "r-1",
      mount_point: entry.mount,
      operation: entry.operation ?? "read",
      path: entry.path ?? "kv/data/llm/openai",
    },
    ...(entry.type === "request" ? {} : { response: {} }),
    time: entry.time ?? "2026-11-24T12:00:00Z",
    type: entry.type ?? "response",
  });
}

const DENIED = "1 error occurred:\n\t* permission denied\n\n";

function told(...lines: readonly string[]) {
  const tally = new Tally();
  for (const one of lines) tally.take(one);
  return tally
    .samples()
    .filter(({ metric, value }) => metric.endsWith("_total") && value > 0)
    .map(({ metric, labels, value }) => ({ metric, ...labels, value }));
}

describe("denied requests", () => {
  const denied = { role: "voyager-platform-llm", mount: "kv/", error: DENIED };

  it("are counted by mount, operation and login; one request once, though it has two entries", () => {
    expect(told(line({ ...denied, type: "request" }), line(denied))).toEqual([
      {
        metric: "denied_requests_total",
        mount: "kv",
        operation: "read",
        login: "voyager-platform-llm",
        denied: "unexpected",
        value: 1,
      },
    ]);
  });

  it("are expected where break-glass has denied the login something", () => {
    const identityPolicies = ["vault-management.dev.denied-2"];
    expect(told(line({ ...denied, identityPolicies }))).toMatchObject([{ denied: "break-glass" }]);
    const another = ["vault-management.dev.denied-x", "x.denied-2"];
    expect(told(line({ ...denied, identityPolicies: another }))).toMatchObject([{ denied: "unexpected" }]);
  });

  it("are none of what is allowed, or fails for another reason", () => {
    expect(
      told(line({ ...denied, error: "" }), line({ ...denied, id: "r-2", error: "internal error" })),
    ).toEqual([]);
  });

  it("have no label that a client chose: a path outside every mount is no mount", () => {
    const lines = Array.from({ length: 50 }, (_, index) =>
      line({ id: `r-${index}`, error: DENIED, path: `junk-${index}/x` }),
    );
    expect(told(...lines)).toEqual([
      {
        metric: "denied_requests_total",
        mount: "none",
        operation: "read",
        login: "nobody",
        denied: "unexpected",
        value: 50,
      },
    ]);
  });
});

describe("tokens that nobody should use unheard", () => {
  it("are those of break-glass, by operator", () => {
    const use = (id: string, policy: string) => line({ id, policies: ["default", policy] });
    expect(
      told(
        use("r-1", "vault-management.dev.break-glass"),
        use("r-2", "vault-management.dev.break-glass"),
        use("r-3", "vault-management.dev.break-glass-restore"),
        use("r-4", "vault-management.dev.auditor"),
      ),
    ).toEqual([
      { metric: "break_glass_requests_total", operator: "break-glass", value: 2 },
      { metric: "break_glass_requests_total", operator: "break-glass-restore", value: 1 },
    ]);
  });

  it("are root's", () => {
    expect(told(line({ policies: ["root"] }))).toEqual([{ metric: "root_requests_total", value: 1 }]);
  });

  it("are told as 0 from the start, so that the first use is an increase", async () => {
    const text = await exposition(metrics, new Tally().samples());
    expect(text).toContain('vault_management_break_glass_requests_total{operator="break-glass"} 0');
    expect(text).toContain("vault_management_root_requests_total 0");
    expect(text).not.toContain("last_entry");
  });
});

describe("the newest entry", () => {
  it("is told by its own time; lines that are no entries are passed over", () => {
    const tally = new Tally();
    for (const one of ["no json", "{}", line({ time: "2026-11-24T12:00:01Z" })]) tally.take(one);
    expect(tally.samples()).toContainEqual({
      metric: "audit_reader_last_entry_timestamp_seconds",
      value: Date.parse("2026-11-24T12:00:01Z") / 1_000,
    });
  });
});
