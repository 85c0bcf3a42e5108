import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cellDifferences, tokenDifferences } from "../../../access/live.ts";
import { accessMatrix, type Login, type SecretPath } from "../../../access/matrix.ts";
import { expectedAt, probesOf } from "../../../access/probes.ts";
import { anySettings, settingsOf } from "../arbitrary-settings.ts";
import { creds, issue, withGenerators } from "../generators.ts";

/** Whether a policy's `path` matches a request, as Vault has it: `+` is one segment, a last `*` any rest. */
function matches(rule: string, path: string): boolean {
  const pattern = rule
    .replace(/[.*+?^${}()|[\]\\]/g, (one) => (one === "+" ? "[^/]+" : one === "*" ? ".*" : `\\${one}`))
    .replace(/^/, "^")
    .replace(/$/, "$");
  return new RegExp(pattern).test(path);
}

/** Ways to get an exact path wrong. */
const widened = {
  "a prefix": ({ path }: SecretPath) => `${path}*`,
  "its folder": ({ path }: SecretPath) => path.replace(/[^/]*$/, "*"),
  "everything below it": ({ path }: SecretPath) => `${path}/*`,
  "the mount's data": ({ mount }: SecretPath) => `${mount}/data/*`,
  "any first segment": ({ mount, key }: SecretPath) => `${mount}/data/${key.replace(/^[^/]*/, "+")}`,
  "any last segment": ({ mount, key }: SecretPath) => `${mount}/data/${key.replace(/[^/]*$/, "+")}`,
  "any request of it": ({ mount, key }: SecretPath) => `${mount}/+/${key}`,
  "the mount": ({ mount }: SecretPath) => `${mount}/*`,
};

const readers = anySettings.filter((settings) => accessMatrix(settings).paths.length > 0);

describe("the probes", () => {
  it("ask about each path once", () => {
    fc.assert(
      fc.property(anySettings, (settings) => {
        const matrix = accessMatrix(settings);
        for (const login of matrix.logins) {
          const paths = probesOf(matrix, login).map(({ path }) => path);
          expect(paths.length).toBe(new Set(paths).size);
        }
      }),
    );
  });

  it("are, for each login, the whole matrix and every declared secret's metadata", () => {
    fc.assert(
      fc.property(anySettings, (settings) => {
        const matrix = accessMatrix(settings);
        for (const login of matrix.logins) {
          const paths = new Set(probesOf(matrix, login).map(({ path }) => path));
          const missing = matrix.paths.filter(
            ({ mount, key, path }) => !paths.has(path) || !paths.has(`${mount}/metadata/${key}`),
          );
          expect(missing).toEqual([]);
        }
      }),
    );
  });

  it("expect exactly the matrix and the session, and nothing anywhere else", () => {
    fc.assert(
      fc.property(anySettings, (settings) => {
        const matrix = accessMatrix(settings);
        for (const login of matrix.logins) {
          const probes = probesOf(matrix, login);
          const allowed = probes
            .filter((probe) => expectedAt(login, probe).join() !== "deny")
            .map((probe) => `${expectedAt(login, probe).join()} ${probe.path}`);
          expect(allowed.toSorted()).toEqual(
            [
              ...login.reads.map(({ path }) => `read ${path}`),
              "read auth/token/lookup-self",
              "update auth/token/revoke-self",
            ].toSorted(),
          );
        }
      }),
    );
  });

  it.each(Object.entries(widened))(
    "catch %s in the place of an exact path, for any declaration",
    (_name, widen) => {
      fc.assert(
        fc.property(readers, (settings) => {
          const matrix = accessMatrix(settings);
          const login = matrix.logins.find(({ reads }) => reads.length > 0) as Login;
          const [read] = login.reads;
          const rule = widen(read as SecretPath);
          const probes = probesOf(matrix, login);
          const answer = Object.fromEntries(
            probes.map((probe) => {
              const expected = expectedAt(login, probe);
              return [probe.path, expected[0] === "deny" && matches(rule, probe.path) ? ["read"] : expected];
            }),
          );
          expect(cellDifferences(login, probes, answer).length).toBeGreaterThan(0);
        }),
      );
    },
  );
});

describe("an engine's request", () => {
  const matrix = accessMatrix(withGenerators(settingsOf("dev"), creds, issue));
  const [llm] = matrix.logins;
  if (llm === undefined) throw new Error("the dev stack declares llm");
  const expected = Object.fromEntries(
    probesOf(matrix, llm).map((probe) => [probe.path, expectedAt(llm, probe).join()]),
  );

  it("is expected with the capability that its method takes, and its neighbours not at all", () => {
    expect(expected).toMatchObject({
      "database/creds/orders-report": "read",
      "pki-int/issue/web": "update",
      "kv/data/llm/openai": "read",
      "database/creds/not-declared": "deny",
      "database/not-declared/orders-report": "deny",
      "pki-int/issue/web/not-declared": "deny",
    });
  });

  it("has no paths of KV around it", () => {
    expect(Object.keys(expected).filter((path) => /^(database|pki-int)\/(data|metadata)/.test(path))).toEqual(
      [],
    );
  });
});

describe("a difference", () => {
  const matrix = accessMatrix(settingsOf("dev"));
  const [llm] = matrix.logins;
  if (llm === undefined) throw new Error("the dev stack declares llm");
  const probes = probesOf(matrix, llm);
  const asDeclared = Object.fromEntries(probes.map((probe) => [probe.path, expectedAt(llm, probe)]));
  const token = { policies: [...llm.policies].reverse(), ttlSeconds: 600, tokenType: "service" };

  it("is none where Vault answers as declared, in any order", () => {
    expect(cellDifferences(llm, probes, asDeclared)).toEqual([]);
    expect(tokenDifferences(llm, { ttlSeconds: 600, tokenType: "service" }, token)).toEqual([]);
  });

  it.each([
    ["a read that is missing", "kv/data/llm/openai", ["deny"], ["read"]],
    ["more than read", "kv/data/llm/openai", ["read", "update"], ["read"]],
    ["anything on metadata", "kv/metadata/llm/openai", ["list"], ["deny"]],
    ["more of its own session", "auth/token/lookup-self", ["read", "update"], ["read"]],
    ["root", "sys/mounts", ["root"], ["deny"]],
    ["no answer", "kv/data/llm/openai", undefined, ["read"]],
  ])("is %s, with what was expected and found", (_name, path, found, expected) => {
    expect(cellDifferences(llm, probes, { ...asDeclared, [path]: found })).toEqual([
      expect.objectContaining({
        namespace: "llm",
        serviceAccount: "vault-store",
        role: "voyager-platform-llm",
        at: path,
        expected,
        found: found ?? ["no answer"],
      }),
    ]);
  });

  it("is a policy, life or type of the token that is not the role's", () => {
    const found = { policies: [...llm.policies, "default"], ttlSeconds: 3600, tokenType: "batch" };
    const differences = tokenDifferences(llm, { ttlSeconds: 600, tokenType: "service" }, found);
    expect(differences.map(({ at, expected, found }) => [at, expected.join(), found.join()])).toEqual([
      ["policies", llm.policies.join(), [...llm.policies, "default"].join()],
      ["token type", "service", "batch"],
      ["token TTL", "600 s", "3600 s"],
    ]);
  });
});
