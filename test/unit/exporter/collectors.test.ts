import { describe, expect, it } from "vitest";
import { failuresIn, telemetryCollector } from "../../../jobs/exporter/collectors/audit.ts";
import { kubernetesCollector } from "../../../jobs/exporter/collectors/kubernetes.ts";
import { breakGlassCollector, kvCollector } from "../../../jobs/exporter/collectors/kv.ts";
import { nodesCollector } from "../../../jobs/exporter/collectors/nodes.ts";
import { raftCollector } from "../../../jobs/exporter/collectors/raft.ts";
import { goSeconds } from "../../../jobs/exporter/go-seconds.ts";
import { Rounds } from "../../../jobs/exporter/rounds.ts";
import { nothingSeen, type Seen } from "../../../jobs/exporter/seen.ts";
import { type HttpAnswer, NoAnswerError } from "../../../jobs/shared/http.ts";
import { nodes, object, specOf } from "./specs.ts";

const spec = specOf();
const answer = (status: number, json: unknown, text = ""): HttpAnswer => ({
  status,
  json,
  text,
  headers: {},
});
const noAnswer = (url: string) => new NoAnswerError({ method: "GET", url }, new Error("refused"));

describe("Kubernetes", () => {
  const list =
    (broken: string) =>
    async (resource: string, namespace: string): Promise<readonly ReturnType<typeof object>[]> => {
      if (namespace === broken) throw new Error(`Kubernetes GET ${namespace}: status 403 (no)`);
      return resource === "externalsecrets"
        ? [object("openai-api-key", true)]
        : [object("vault-store", true)];
    };

  it("is seen namespace by namespace; one that cannot be listed keeps what was seen of it before", async () => {
    const first = await kubernetesCollector(spec, { list: list("") })(nothingSeen);
    const before: Seen = { ...nothingSeen, ...first.seen };
    expect([...before.externalSecrets.keys()]).toEqual(["llm/openai-api-key", "user/openai-api-key"]);
    const second = await kubernetesCollector(spec, { list: list("llm") })(before);
    expect(second.seen.externalSecrets?.has("llm/openai-api-key")).toBe(true);
    expect(second.failures).toEqual(["Kubernetes GET llm: status 403 (no)"]);
  });

  it("forgets what is there no more", async () => {
    const before: Seen = { ...nothingSeen, externalSecrets: new Map([["llm/gone", object("gone", true)]]) };
    const { seen } = await kubernetesCollector(spec, { list: list("") })(before);
    expect(seen.externalSecrets?.has("llm/gone")).toBe(false);
  });
});

describe("KV metadata", () => {
  it("is of every declared path and of the rotations' slots, once each; a path that was never written is empty", async () => {
    const asked: string[] = [];
    const read = async (path: string) => {
      asked.push(path);
      return undefined;
    };
    const { seen } = await kvCollector(spec, { read })(nothingSeen);
    expect(asked).toEqual(["kv/metadata/llm/openai", "kv/metadata/rotation/openai-llm"]);
    expect(seen.metadata?.get("kv/metadata/llm/openai")).toMatchObject({ currentVersion: 0, versions: [] });
  });

  it("of a path that is refused is what was seen before, and the others go on", async () => {
    const read = async (path: string) => {
      if (path.includes("rotation")) throw new Error("Vault: status 403");
      return { current_version: 2, versions: {} };
    };
    const { seen, failures } = await kvCollector(spec, { read })(nothingSeen);
    expect(seen.metadata?.get("kv/metadata/llm/openai")?.currentVersion).toBe(2);
    expect(seen.metadata?.has("kv/metadata/rotation/openai-llm")).toBe(false);
    expect(failures).toEqual(["Vault: status 403"]);
  });
});

describe("break-glass", () => {
  const open = (data: Readonly<Record<string, unknown>> | undefined) =>
    breakGlassCollector(spec, { read: async () => data })(nothingSeen);

  it("has no incident where its memory has never been written, and as many as that says", async () => {
    expect((await open(undefined)).seen).toEqual({ openIncidents: 0 });
    expect((await open({ custom_metadata: null })).seen).toEqual({ openIncidents: 0 });
    expect((await open({ custom_metadata: { open: "2" } })).seen).toEqual({ openIncidents: 2 });
  });

  it("is unknown, not 0, where the number is none", async () => {
    await expect(open({ custom_metadata: { open: "many" } })).rejects.toThrow(/no number/);
  });
});

describe("Vault's nodes", () => {
  const answers: Readonly<Record<string, HttpAnswer | undefined>> = {
    [nodes["vault-0"]]: answer(200, { sealed: false }),
    [nodes["vault-1"]]: answer(503, { sealed: true }),
  };
  const health = async (address: string) => {
    const found = answers[address];
    if (found === undefined) throw noAnswer(address);
    return found;
  };
  const leaderAddress = async () => "";

  it("are up, sealed and leading as each says itself", async () => {
    const { seen } = await nodesCollector(spec, { health, leaderAddress })(nothingSeen);
    expect(seen).toEqual({
      nodes: [
        { node: "vault-0", up: true, sealed: false, leader: true },
        { node: "vault-1", up: true, sealed: true, leader: false },
      ],
      hasLeader: true,
    });
  });

  it("are down where they do not answer: that is what was found out, and no failure", async () => {
    const down = async (address: string) => Promise.reject(noAnswer(address));
    const { seen, failures } = await nodesCollector(spec, { health: down, leaderAddress })(nothingSeen);
    expect(seen.nodes?.map(({ up }) => up)).toEqual([false, false]);
    expect(seen.hasLeader).toBe(false);
    expect(failures).toBeUndefined();
  });

  it("are one where none is declared, which may be a standby that knows its leader", async () => {
    const alone = { vault: { ...spec.vault, nodes: {} } };
    const standby = async () => answer(429, { sealed: false });
    const found = await nodesCollector(alone, {
      health: standby,
      leaderAddress: async () => "https://vault-0:8200",
    })(nothingSeen);
    expect(found.seen).toEqual({
      nodes: [{ node: "vault", up: true, sealed: false, leader: false }],
      hasLeader: true,
    });
  });
});

describe("raft", () => {
  const member = (lastIndex: number, lastContact: string) => ({
    healthy: true,
    last_contact: lastContact,
    last_index: lastIndex,
  });

  it("has each member's distance to the leader", async () => {
    const data = {
      leader: "vault-0",
      servers: { "vault-0": member(120, "0s"), "vault-1": member(100, "1.5s") },
    };
    const { seen } = await raftCollector({ ask: async () => answer(200, { data }) })(nothingSeen);
    expect(seen.raft).toEqual([
      { node: "vault-0", healthy: true, lagEntries: 0, lastContactSeconds: 0 },
      { node: "vault-1", healthy: true, lagEntries: 20, lastContactSeconds: 1.5 },
    ]);
  });

  it("is none where Vault stores elsewhere, and a failure where Vault refuses", async () => {
    const elsewhere = answer(400, { errors: ["raft storage is not in use"] });
    expect((await raftCollector({ ask: async () => elsewhere })(nothingSeen)).seen).toEqual({ raft: [] });
    const refused = raftCollector({ ask: async () => answer(403, { errors: ["permission denied"] }) });
    await expect(refused(nothingSeen)).rejects.toThrow(/status 403 \(permission denied\)/);
  });

  it.each([
    ["0s", 0],
    ["35.5ms", 0.0355],
    ["1m2.5s", 62.5],
    ["250µs", 0.00025],
    ["2562047h47m16.854775807s", 9_223_372_036.854776],
  ])("reads Go's %s", (text, seconds) => {
    expect(goSeconds(text)).toBeCloseTo(seconds, 9);
  });
});

describe("failures to audit", () => {
  const text = (request: number, sink: number) =>
    [
      "# TYPE vault_audit_log_request_failure counter",
      `vault_audit_log_request_failure ${request}`,
      `vault_audit_sink_failure{cluster="c"} ${sink}`,
      "vault_audit_log_request_count 7",
      "",
    ].join("\n");
  const leading: Seen = { ...nothingSeen, nodes: [{ node: "vault-0", up: true, leader: true }] };

  /** What several rounds come to, each with the leader and its text. */
  async function rounds(...told: readonly (readonly [node: "vault-0" | "vault-1", text: string])[]) {
    const texts = [...told];
    const collector = telemetryCollector(spec, {
      ask: async () => answer(200, undefined, texts.shift()?.[1]),
      leaderAddress: async () => "",
    });
    let seen: Seen = leading;
    for (const [node] of told) {
      const now: Seen = { ...seen, nodes: [{ node, up: true, leader: true }] };
      seen = { ...now, ...(await collector(now)).seen };
    }
    return seen.auditFailures;
  }

  it("are those of all devices and of single ones", () => {
    expect(failuresIn(text(1, 2))).toBe(3);
  });

  it("count from the first look on: what was before is old", async () => {
    expect(await rounds(["vault-0", text(5, 0)])).toBe(0);
    expect(await rounds(["vault-0", text(5, 0)], ["vault-0", text(5, 2)])).toBe(2);
  });

  it("do not come back with another leader, which has counted its own, nor vanish with a restart", async () => {
    expect(await rounds(["vault-0", text(0, 0)], ["vault-1", text(9, 0)], ["vault-1", text(10, 0)])).toBe(1);
    expect(await rounds(["vault-0", text(5, 0)], ["vault-0", text(1, 0)])).toBe(1);
  });

  it("are unknown where Vault keeps no metrics, and that is told", async () => {
    const none = telemetryCollector(spec, {
      ask: async () => answer(400, { errors: ["prometheus is not enabled"] }),
      leaderAddress: async () => "",
    });
    expect(await none(leading)).toEqual({ seen: { telemetry: false } });
  });
});

describe("a round", () => {
  it("goes on past a collector that fails, keeps what that one saw before, and tells it once", async () => {
    const told: string[] = [];
    let broken = false;
    const rounds = new Rounds(
      {
        audit: async () => {
          if (broken) throw new Error("Vault is down");
          return { seen: { auditDevices: 2 } };
        },
        raft: async () => ({ seen: { raft: [] } }),
      },
      (collector, failures) => told.push(`${collector}: ${failures.join()}`),
    );
    await rounds.round();
    broken = true;
    await rounds.round();
    await rounds.round();
    expect(rounds.seen).toMatchObject({ auditDevices: 2, raft: [] });
    expect(told).toEqual(["audit: Vault is down"]);
    broken = false;
    await rounds.round();
    expect(told).toEqual(["audit: Vault is down", "audit: "]);
    const errors = rounds.samples().filter(({ metric }) => metric === "exporter_collection_errors_total");
    expect(errors.map(({ labels, value }) => [labels?.collector, value])).toEqual([
      ["audit", 2],
      ["raft", 0],
    ]);
  });

  it("tells of a collector that never succeeded as of one whose last success is as old as time", async () => {
    const rounds = new Rounds({ audit: async () => ({ seen: {}, failures: ["no"] }) }, () => {});
    await rounds.round();
    expect(rounds.samples().map(({ metric, value }) => [metric, value])).toEqual([
      ["exporter_collection_errors_total", 1],
      ["exporter_last_success_timestamp_seconds", 0],
    ]);
    expect(rounds.done).toBe(1);
  });
});
