import { describe, expect, it } from "vitest";
import { changed, declared, problemsIn, withSecret } from "./declarations.ts";

const reads = (reference: unknown) => withSecret({ data: { api_key: reference } });

describe("all problems together", () => {
  it("names every cluster-wide setting of a shared cluster", () => {
    const problems = problemsIn(changed(["vault", "cluster"], "shared", "prod"));
    expect(problems.map(({ path }) => path)).toEqual([
      "vault.auditDevices",
      "vault.quotas",
      "vault.autopilot",
    ]);
  });

  it("names an overlapping mount and the stores that no longer know theirs", () => {
    const problems = problemsIn(changed(["vault", "mounts", "kv/team"], {}));
    expect(problems.map(({ path }) => path)).toEqual([
      'vault.mounts."kv/team"',
      "namespaces.llm.store.mount",
      "namespaces.user.store.mount",
    ]);
    expect(problems[0]?.found).toBe('"kv/team", which overlaps "kv" at vault.mounts.kv');
  });

  it("takes the store's mount from nowhere when there are several", () => {
    const problems = problemsIn(changed(["vault", "mounts", "other"], {}));
    expect(problems.map(({ path }) => path)).toEqual([
      "namespaces.llm.store.mount",
      "namespaces.user.store.mount",
    ]);
    expect(problems[0]?.allowed).toBe("kv | other");
  });
  it("reports fields of every section at once", () => {
    const raw = declared("dev");
    raw.tier = "staging";
    raw.vault = { ...(raw.vault as object), address: "ftp://x", caCertificate: "x", extra: 1 };
    raw.externalSecrets = { chart: {}, crds: { sha256: "no" }, replicas: 0 };
    expect(problemsIn(raw).map(({ path }) => path)).toEqual([
      "tier",
      "vault.address",
      "vault.caCertificate",
      "vault",
      "externalSecrets.chart.version",
      "externalSecrets.crds.sha256",
      "externalSecrets.replicas",
    ]);
  });

  it("reports a bad name and what is wrong below it", () => {
    const paths = problemsIn(changed(["namespaces", "My_NS"], { stores: {}, create: "yes" })).map(
      ({ path }) => path,
    );
    expect(paths).toEqual(["namespaces.My_NS.create", "namespaces.My_NS", "namespaces.My_NS"]);
  });

  it("reports a bad path and a bad property of one reference", () => {
    const problems = problemsIn(reads("/llm/*#a b"));
    expect(problems.map(({ allowed }) => allowed)).toEqual([
      expect.stringContaining("segments"),
      expect.stringContaining("letters, digits"),
    ]);
  });

  it("reports a bad path without property as both", () => {
    expect(problemsIn(reads("data/llm/openai")).map(({ fix }) => fix)).toEqual([
      expect.stringContaining("add '#'"),
      "write llm/openai",
    ]);
  });

  it("reports every breach of the rules over several fields", () => {
    const raw = changed(["vault", "auth", "tokenTtl"], "2h");
    (raw.namespaces as Record<string, unknown>).empty = {};
    (raw.namespaces as Record<string, unknown>).vault = { store: {} };
    expect(problemsIn(raw).map(({ path }) => path)).toEqual([
      "namespaces.empty",
      "namespaces.vault",
      "vault.auth.tokenTtl",
    ]);
  });
});
