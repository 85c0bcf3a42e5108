import { describe, expect, it, test } from "vitest";
import { type StatusDocument, statusDocument } from "../../../cli/status/document.ts";
import type { Facts } from "../../../cli/status/look.ts";
import { emptyPath, failing, metadata, ready, reported, wellFacts, withCluster } from "./ground.ts";

const texts = ({ findings }: StatusDocument) => findings.map(({ severity, text }) => `${severity}: ${text}`);
const refused = { unseen: "Kubernetes refused: this needs the right to list externalsecrets" };
const gone = { unseen: "connect ECONNREFUSED 127.0.0.1:1" };
const unreachable = wellFacts.nodes.map((node) => ({
  ...{ ...node, state: "unreachable" as const, version: null, why: "connect ECONNREFUSED" },
}));
const vaultGone: Partial<Facts> = {
  ...{ nodes: unreachable, raft: gone, audit: gone, incidents: gone, authorities: gone, rotations: gone },
  metadata: { known: new Map(), unseen: gone.unseen },
};
const clusterGone = withCluster({ operator: gone, stores: gone, externalSecrets: gone });

describe("the state", () => {
  it("is well when all was seen and nothing is wrong", () => {
    const report = reported({});
    expect(report).toMatchObject({ state: "well", findings: [], unseen: [], environment: "dev" });
    expect(statusDocument.parse(report)).toEqual(report);
  });

  it("is not well where something could not be seen, and says what and why, each reason once", () => {
    const report = reported(withCluster({ externalSecrets: refused, stores: refused }));
    expect(report.state).toBe("wrong");
    expect(report.unseen).toEqual([{ areas: ["stores", "secrets"], why: refused.unseen }]);
    expect(report).toMatchObject({ secrets: null, certificates: null, eso: { available: 1 } });
  });

  it("is unseen only where neither Vault nor Kubernetes answered", () => {
    expect(reported({ ...vaultGone, ...clusterGone }).state).toBe("unseen");
    expect(reported(clusterGone).state).toBe("wrong");
    const withoutVault = reported(vaultGone);
    expect(withoutVault.state).toBe("wrong");
    expect(withoutVault.secrets?.map(({ state }) => state)).toEqual(["synced", "synced"]);
    expect(withoutVault.unseen).toEqual([
      { areas: ["raft", "audit", "secrets", "rotations", "certificates", "break-glass"], why: gone.unseen },
    ]);
  });

  it("does not ask for a Prometheus that nobody has named", () => {
    expect(reported({})).toMatchObject({ alerts: null, unseen: [] });
    const asked = reported({ alerts: { unseen: "http://127.0.0.1:9 cannot be reached" } });
    expect(asked).toMatchObject({ state: "wrong", unseen: [{ areas: ["alerts"] }] });
  });
});

describe("Vault", () => {
  const nodes = (states: readonly object[]) =>
    wellFacts.nodes.map((node, index) => ({ ...node, ...states[index] }));

  test("one node that is gone is a warning, with the address to ask and the runbook", () => {
    const report = reported({ nodes: nodes([{}, { state: "unreachable", why: "ECONNREFUSED" }]) });
    expect(report.findings).toEqual([
      {
        ...{ area: "vault", severity: "warning", subject: "vault-2", since: null },
        text: "Vault node vault-2 does not serve: ECONNREFUSED",
        next: ["vault status -address=https://vault-2:8200"],
        runbook: "docs/runbook.md#vaultnodedown",
      },
    ]);
  });

  test("a sealed node is critical, and told from one that is gone; so are those that are gone where none serves", () => {
    const one = reported({ nodes: nodes([{}, { state: "sealed" }]) });
    expect(one.findings[0]).toMatchObject({
      ...{ severity: "critical", runbook: "docs/runbook.md#vaultsealed" },
      next: ["vault operator unseal -address=https://vault-2:8200"],
    });
    const all = reported({ nodes: unreachable });
    expect(all.findings.map(({ severity }) => severity)).toEqual(["critical", "critical", "critical"]);
  });

  test("standbys alone have no leader, unless autopilot names one behind the one address", () => {
    const standbys = nodes([{ state: "standby" }]);
    expect(texts(reported({ nodes: standbys, raft: gone }))).toEqual([
      expect.stringMatching(/^critical: Vault has no leader/),
    ]);
    expect(reported({ nodes: standbys }).findings).toEqual([]);
  });

  test("two active nodes are one too many: all but raft's leader are to be started anew", () => {
    const two = nodes([{}, { state: "active" }]);
    const { findings } = reported({ nodes: two });
    expect(findings).toMatchObject([
      {
        ...{ severity: "critical", subject: "leader", next: ["restart Vault on vault-2"] },
        text: expect.stringMatching(
          /vault-1, vault-2 all call themselves the active node: raft's leader is vault-1/,
        ),
      },
    ]);
    expect(reported({ nodes: two, raft: gone }).findings[0]?.next).toEqual([
      "vault operator raft list-peers",
      "restart Vault on those that it does not call leader",
    ]);
  });

  test("a peer that lags is told of, unless its node is told of already", () => {
    const [first, ...others] = "found" in wellFacts.raft ? wellFacts.raft.found.servers : [];
    if (first === undefined || !("found" in wellFacts.raft)) throw new Error("no peers");
    const lagging = others.map((server, index) =>
      index > 0 ? server : { ...server, healthy: false, lagEntries: 900, lastContact: "20s" },
    );
    const raft = { found: { ...wellFacts.raft.found, healthy: false, servers: [first, ...lagging] } };
    expect(texts(reported({ raft }))).toEqual([
      "warning: raft peer vault-2 is unhealthy: 900 entries behind, last contact 20s",
    ]);
    const down = nodes([{}, { state: "unreachable", why: "ECONNREFUSED" }]);
    expect(texts(reported({ raft, nodes: down }))).toEqual([
      "warning: Vault node vault-2 does not serve: ECONNREFUSED",
    ]);
  });

  test("audit devices: fewer than two, or a declared one missing; none at all is critical", () => {
    expect(texts(reported({ audit: { found: ["file"] } }))).toEqual([
      "critical: 1 audit device(s) are enabled, fewer than two; declared and not there: stdout",
    ]);
    expect(texts(reported({ audit: { found: ["file", "other"] } }))).toEqual([
      "warning: 2 audit device(s) are enabled; declared and not there: stdout",
    ]);
    expect(texts(reported({ audit: { found: [] } }))).toEqual([expect.stringMatching(/^critical: no audit/)]);
  });
});

describe("ESO", () => {
  test("without a replica syncs nothing, which is critical; fewer than it asks for is a warning", () => {
    const eso = (desired: number, available: number) =>
      reported(withCluster({ operator: { found: { desired, available, version: null, since: null } } }));
    expect(texts(eso(0, 0))).toEqual([expect.stringMatching(/^critical: ESO does not run, .* scaled to 0$/)]);
    expect(texts(eso(1, 0))).toEqual(["critical: ESO has 0 of 1 replicas: nothing is synced"]);
    expect(texts(eso(2, 1))).toEqual(["warning: ESO has 1 of 2 replicas"]);
    expect(eso(2, 2).findings).toEqual([]);
    expect(eso(2, 1).findings[0]?.next).toEqual([
      "kubectl --context voyager-dev -n vault describe deployment/external-secrets",
    ]);
  });

  test("a store that is not ready is told of once, with how many wait for it", () => {
    const report = reported(
      withCluster({
        stores: { found: [failing("vault-store", "unable to validate store"), ready("vault-store", "user")] },
        externalSecrets: { found: [failing("openai-api-key", "a"), failing("anthropic-api-key", "b")] },
        warnings: new Map([["llm", new Map([["SecretStore/vault-store", "invalid role name"]])]]),
      }),
    );
    expect(texts(report)).toEqual([
      "critical: SecretStore llm/vault-store is not ready: invalid role name; 2 ExternalSecret(s) wait for it",
    ]);
    expect(report.findings[0]?.since).toBe("2026-11-27T02:50:00Z");
    expect(report.secrets?.map(({ state }) => state)).toEqual(["failing", "failing"]);
  });
});

describe("secrets", () => {
  const missing = withCluster({
    externalSecrets: {
      found: [
        failing("openai-api-key", "a", "llm", { refreshTime: null }),
        failing("anthropic-api-key", "a"),
      ],
    },
  });

  test("those without any value come first, each with the command that mends it, for the stack in question", () => {
    const report = reported(
      { ...missing, metadata: { known: new Map([...metadata, ["kv/llm/openai", emptyPath]]) } },
      { stack: "prod" },
    );
    expect(report.findings).toMatchObject([
      {
        ...{ severity: "critical", subject: "llm/openai-api-key" },
        next: ["npm run secrets -- put llm/openai --stack prod"],
        runbook: "docs/runbook.md#secretsyncfailing",
      },
      {
        ...{ severity: "warning", subject: "llm/anthropic-api-key" },
        next: ["kubectl --context voyager-dev -n llm describe externalsecret/anthropic-api-key"],
        runbook: "docs/runbook.md#secretsyncfailing",
      },
    ]);
  });

  test("one whose last sync is too long ago is to be nudged", () => {
    const old = ready("openai-api-key", "llm", { refreshTime: "2026-11-27T00:00:00Z" });
    const found = [old, ready("anthropic-api-key")];
    expect(reported(withCluster({ externalSecrets: { found } }), { stack: "prod" }).findings).toMatchObject([
      {
        ...{ severity: "critical", subject: "llm/openai-api-key", since: "2026-11-27T00:00:00.000Z" },
        next: ["npm run drift -- --nudge --stack prod"],
        runbook: "docs/runbook.md#secretsyncstale",
      },
    ]);
  });

  test("one that is declared and not in the cluster waits for an update", () => {
    const found = [ready("anthropic-api-key")];
    expect(reported(withCluster({ externalSecrets: { found } })).findings).toMatchObject([
      { severity: "critical", subject: "llm/openai-api-key", next: ["pulumi up -s dev"] },
    ]);
  });

  test("one that fails although Vault has the value is to be looked at", () => {
    const [finding] = reported(missing).findings;
    expect(finding?.next).toEqual([
      "kubectl --context voyager-dev -n llm describe externalsecret/openai-api-key",
    ]);
  });

  test("one that waits for its next refresh is not wrong", () => {
    const late = new Map([...metadata].map(([key, state]) => [key, { ...state }]));
    late.set("kv/llm/openai", {
      ...emptyPath,
      ...{
        currentVersion: 2,
        versions: [{ version: 2, createdTime: "2026-11-27T02:45:00Z", readable: true }],
      },
    });
    const report = reported({ metadata: { known: late } });
    expect(report).toMatchObject({ state: "well", findings: [] });
    expect(report.secrets?.map(({ state }) => state)).toContain("waiting");
  });
});

describe("the rest", () => {
  const rotation = { key: "openai-llm", liveSince: null, nextRun: null, overdueSince: null, failure: null };

  test("a rotation is wrong when it is overdue, and when its last run failed", () => {
    const report = reported({
      rotations: {
        found: [
          { ...rotation, overdueSince: "2026-11-23T02:20:00Z" },
          { ...rotation, key: "other", failure: { at: "2026-11-23T02:20:00Z", text: "status 503" } },
          { ...rotation, key: "good" },
        ],
      },
    });
    expect(texts(report)).toEqual([
      "critical: rotation openai-llm is overdue: the key should have been replaced",
      "warning: the last run of rotation other failed: status 503",
    ]);
    expect(report.findings[0]?.next).toEqual(["npm run rotate -- status openai-llm"]);
  });

  test("what to run next has the context that was looked at, where that is not the stack's own", () => {
    const found = [{ ...rotation, overdueSince: "2026-11-23T02:20:00Z" }];
    const report = reported({ rotations: { found } }, { kubeContext: "sandbox" });
    expect(report.findings[0]?.next).toEqual(["npm run rotate -- status openai-llm --context sandbox"]);
  });

  test("Jobs that were not seen are said, and what Vault says of the key is there", () => {
    const report = reported({ rotations: { found: [rotation] }, jobsUnseen: "403 Forbidden" });
    expect(report.unseen).toEqual([{ areas: ["rotations"], why: "403 Forbidden" }]);
    expect(report.rotations).toEqual([rotation]);
  });

  test("an open incident is said until it is restored", () => {
    expect(texts(reported({ incidents: { found: { open: 2 } } }))).toEqual([
      expect.stringMatching(/^warning: 2 break-glass incident/),
    ]);
  });

  const alert = (name: string, severity: string) => ({
    ...{ name, severity, since: "2026-11-27T02:00:00Z", summary: "it is so", runbook: null },
  });
  const prometheus = (...firing: readonly ReturnType<typeof alert>[]) => ({
    alerts: { found: { askedAt: "http://127.0.0.1:9090", rules: 12, firing } },
  });

  test("an alert is a finding of its own only where looking has not found the same", () => {
    const report = reported({
      ...prometheus(alert("AuditDevicesTooFew", "warning"), alert("UnexpectedDeniedReads", "critical")),
      audit: { found: ["file", "other"] },
    });
    expect(texts(report)).toEqual([
      "critical: alert UnexpectedDeniedReads is firing: it is so",
      expect.stringMatching(/^warning: 2 audit device/),
    ]);
    expect(report.findings[0]?.runbook).toBe("docs/runbook.md#unexpecteddeniedreads");
    expect(report.alerts?.firing).toHaveLength(2);
  });

  test("a Prometheus without this stack's rules tells nobody anything", () => {
    const none = { found: { askedAt: "http://127.0.0.1:9090", rules: 0, firing: [] } };
    expect(texts(reported({ alerts: none }))).toEqual([
      expect.stringMatching(/no alerting rule of this stack/),
    ]);
    expect(reported(prometheus()).findings).toEqual([]);
  });
});
