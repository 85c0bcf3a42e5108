import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { accessDiff } from "../../../access/diff.ts";
import { accessMatrix } from "../../../access/matrix.ts";
import type { Settings } from "../../../config/schema.ts";
import { anySettings, settingsOf, settingsWith } from "../arbitrary-settings.ts";
import { namespaceOf, stackOf } from "./declarations.ts";

/** Each change as `risk sentence`, in order. */
function told(before: Settings, after: Settings): readonly string[] {
  return accessDiff(before, after).map(({ risk, sentence }) => `${risk} ${sentence.text}`);
}

const llm = (services: Record<string, readonly string[]>, fields = {}) =>
  stackOf({ llm: namespaceOf(services, fields) });

describe("who may read what", () => {
  it("is no change where nothing changed, for any declaration", () => {
    fc.assert(
      fc.property(anySettings, (settings) => {
        expect(accessDiff(settings, settings)).toEqual([]);
      }),
    );
  });

  it("is told path by path, what is new first", () => {
    expect(told(llm({ api: ["llm/openai", "old"] }), llm({ api: ["llm/openai", "llm/anthropic"] }))).toEqual([
      "wider llm may now read kv/llm/anthropic (declared by api)",
      "narrower llm may no longer read kv/old",
    ]);
  });

  it("is told service by service with isolation by service", () => {
    const isolated = { isolation: "service" };
    const before = llm({ api: ["a"], batch: ["b"] }, isolated);
    const after = llm({ api: ["a"], batch: ["a", "b"], cron: ["c"] }, isolated);
    expect(told(before, after)).toEqual([
      "wider llm/batch may now read kv/a (declared by batch)",
      "wider service account llm/vault-store-cron may now log in, as role voyager-platform-llm.cron",
      "wider llm/cron may now read kv/c (declared by cron)",
    ]);
  });

  it("is the same when another service declares what the login could read already, and says who declares it", () => {
    expect(told(llm({ api: ["a"] }), llm({ api: ["a"], batch: ["a"] }))).toEqual([
      "different kv/a, which llm could read already, is now declared by api, batch (before: api)",
    ]);
  });

  it("names a namespace that comes or goes, its login and its paths", () => {
    const both = stackOf({ llm: namespaceOf({ api: ["a"] }), user: namespaceOf({}) });
    expect(told(llm({ api: ["a"] }), both)).toEqual([
      "wider namespace user: new",
      "wider service account user/vault-store may now log in, as role voyager-platform-user",
    ]);
    expect(told(both, stackOf({ user: namespaceOf({}) }))).toEqual([
      "narrower namespace llm: no longer declared",
      "narrower service account llm/vault-store may no longer log in",
      "narrower llm may no longer read kv/a",
    ]);
  });

  it("names another service account in the place of one", () => {
    const fields = { store: { serviceAccount: "reader" } };
    expect(told(llm({ api: ["a"] }), llm({ api: ["a"] }, fields))).toEqual([
      "wider service account llm/reader may now log in as role voyager-platform-llm; llm/vault-store may no longer",
    ]);
  });

  it("says what another isolation means, and only then which paths the namespace gains", () => {
    const services = { api: ["a"], batch: ["b"] };
    const isolated = { isolation: "service" };
    expect(told(llm(services), llm({ ...services, cron: ["c"] }, isolated))).toEqual([
      "wider llm may now read kv/c (declared by cron)",
      "narrower llm: isolation service instead of namespace: llm/vault-store-api, llm/vault-store-batch, " +
        "llm/vault-store-cron now log in, each for its own service's paths alone (before: llm/vault-store for all)",
    ]);
    expect(told(llm(services, isolated), llm(services))).toEqual([
      "wider llm: isolation namespace instead of service: llm/vault-store now logs in for all services, and reads what " +
        "any of them declares (before: llm/vault-store-api, llm/vault-store-batch, each its own service's)",
    ]);
  });

  it("is exactly the difference of the two matrices, for any two declarations", () => {
    /** `namespace path` of all that any of its logins reads. */
    const readsIn = (settings: Settings) =>
      accessMatrix(settings).logins.flatMap(({ namespace, reads }) =>
        reads.map(({ mount, key }) => `${namespace} ${mount}/${key}`),
      );
    const named = (texts: readonly string[], words: string) =>
      texts.flatMap((text) => {
        const [, subject, path] = new RegExp(`^\\w+ (\\S+) ${words} (\\S+)`).exec(text) ?? [];
        return subject === undefined ? [] : [`${subject.split("/")[0]} ${path}`];
      });
    const missing = (list: readonly string[], other: readonly string[]) =>
      list.filter((one) => !other.includes(one));
    fc.assert(
      fc.property(anySettings, anySettings, (before, after) => {
        const texts = told(before, after);
        const [was, is] = [readsIn(before), readsIn(after)];
        const [gained, lost] = [named(texts, "may now read"), named(texts, "may no longer read")];
        expect(missing(missing(is, was), gained)).toEqual([]);
        expect(missing(gained, is)).toEqual([]);
        expect(missing(missing(was, is), lost)).toEqual([]);
        expect(missing(lost, was)).toEqual([]);
      }),
    );
  });
});

describe("who is believed", () => {
  const dev = settingsOf("dev");
  const vault = (path: readonly string[], value: unknown) => settingsWith(["vault", ...path], value);

  it.each([
    [
      "audience",
      vault(["auth", "audience"], "other"),
      "different a login's token must be issued for other instead of vault",
    ],
    [
      "role prefix",
      vault(["auth", "rolePrefix"], "p2"),
      "different every role and policy begins with p2 instead of voyager-platform",
    ],
    [
      "auth mount",
      vault(["auth", "mount"], "k8s"),
      "different logins go to the auth mount k8s instead of kubernetes",
    ],
    ["longer life", vault(["auth", "tokenTtl"], "20m"), "wider vault.auth.tokenTtl is 20m instead of 10m"],
    [
      "shorter life",
      vault(["auth", "tokenMaxTtl"], "20m"),
      "narrower vault.auth.tokenMaxTtl is 20m instead of 30m",
    ],
    [
      "networks",
      vault(["egressCidrs"], ["10.0.0.0/8"]),
      "narrower logins are accepted from 10.0.0.0/8 alone, before from anywhere",
    ],
    [
      "address",
      vault(["address"], "https://other.internal"),
      "different the Vault is https://other.internal instead of",
    ],
    [
      "API server",
      settingsWith(["kubernetes", "apiAddress"], "https://other.internal"),
      "wider Vault believes the API server https://other.internal about service accounts, before",
    ],
    [
      "the operator's service account",
      settingsWith(["externalSecrets", "serviceAccount"], "eso"),
      "wider vault/eso may now make the tokens that the stores log in with, in place of vault/external-secrets",
    ],
  ])("tells of another %s", (_name, after, words) => {
    expect(told(dev, after)).toEqual([expect.stringContaining(words)]);
  });

  it("tells each network that comes or goes, and that none means any", () => {
    const from = vault(["egressCidrs"], ["10.0.0.0/8", "192.168.1.0/24"]);
    expect(told(from, vault(["egressCidrs"], ["10.0.0.0/8", "172.16.0.0/12"]))).toEqual([
      "wider logins are now accepted from 172.16.0.0/12",
      "narrower logins are no longer accepted from 192.168.1.0/24",
    ]);
    expect(told(from, dev)).toEqual([
      "wider logins are accepted from anywhere, before from 10.0.0.0/8, 192.168.1.0/24 alone",
    ]);
  });

  it("says what the jwt method gives up, and whose keys it believes", () => {
    const jwt = { ...dev, vault: { ...dev.vault, auth: { ...dev.vault.auth, method: "jwt" as const } } };
    const after = { ...jwt, kubernetes: { ...dev.kubernetes, jwt: { issuer: "https://issuer.internal" } } };
    const words = told(dev, after).join("\n");
    expect(words).toMatch(
      /^wider Vault believes tokens of the issuer https:\/\/issuer.internal, before none$/m,
    );
    expect(words).toMatch(/^wider logins by the method jwt instead of kubernetes: .*until it expires$/m);
  });
});

describe("operators", () => {
  const dev = settingsOf("dev");
  const withOperators = (operators: unknown) => ({ ...dev, operators }) as unknown as Settings;

  it("are compared field by field, what is new or other first", () => {
    const before = withOperators({
      people: { groups: { auditor: "a" }, redirectUris: ["x"] },
      ci: { role: "r" },
    });
    const after = withOperators({ people: { groups: { auditor: "b" }, redirectUris: ["x", "y", "z"] } });
    expect(told(before, after)).toEqual([
      'wider operators.people.groups.auditor is "b" instead of "a"',
      'wider operators.people.redirectUris: "y" is new',
      'wider operators.people.redirectUris: "z" is new',
      'different operators.ci.role: "r" is gone',
    ]);
  });

  it("are told apart even where the shown beginnings are the same", () => {
    const long = "x".repeat(200);
    expect(told(withOperators({ a: `${long}1` }), withOperators({ a: `${long}2` }))).toHaveLength(1);
  });
});
