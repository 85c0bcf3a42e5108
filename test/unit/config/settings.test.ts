import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseSettings } from "../../../config/parse.ts";
import { ConfigError } from "../../../config/problems.ts";
import { duration, durationMs } from "../../../config/values.ts";
import { changed, declared, problemsIn, type Raw, secretPath, withSecret } from "./declarations.ts";

const parse = (raw: unknown) => parseSettings(raw, "Pulumi.test.yaml");

const letters = "abcdefghijklmnopqrstuvwxyz0123456789";
const word = fc.string({ unit: fc.constantFrom(...letters), minLength: 1, maxLength: 12 });
const label = fc.tuple(word, word).map(([a, b]) => `n${a}-${b}`);
const key = fc.array(word, { minLength: 1, maxLength: 3 }).map((parts) => `p${parts.join("/p")}`);
const goDuration = fc
  .tuple(fc.nat({ max: 99 }), fc.integer({ min: 1, max: 59 }), fc.integer({ min: 10, max: 59 }))
  .map(([h, m, s]) => `${h}h${m}m${s}s`);
const reference = fc
  .tuple(key, word, fc.boolean(), fc.integer({ min: 1, max: 9 }))
  .map(([path, property, long, version]) =>
    long ? { remoteRef: { key: path, property, version } } : `${path}#${property}`,
  );
const secretOf = fc.record(
  {
    data: fc.dictionary(
      word.map((name) => `k_${name}`),
      reference,
      { minKeys: 1, maxKeys: 4 },
    ),
    refreshInterval: goDuration,
    dataFrom: fc.array(
      key.map((path) => ({ extract: { key: path } })),
      { maxLength: 2 },
    ),
    onRemoval: fc.constantFrom("delete", "retain"),
  },
  { requiredKeys: ["data"] },
);
const service = fc.dictionary(label, secretOf, { minKeys: 1, maxKeys: 3 });
/** Secrets are named by their service, so that no two of a namespace share a name or target. */
const services = fc.dictionary(label, service, { maxKeys: 3 }).map((map) =>
  Object.fromEntries(
    Object.entries(map).map(([name, secrets]) => [
      name,
      {
        secrets: Object.fromEntries(
          Object.entries(secrets).map(([secret, fields]) => [`${name}.${secret}`, fields]),
        ),
      },
    ]),
  ),
);
const namespaces = fc.dictionary(
  label,
  fc.tuple(services, fc.boolean()).map(([map, create]) => ({ create, store: {}, services: map })),
  { maxKeys: 4 },
);
const declaration = fc
  .tuple(namespaces, fc.constantFrom("dev", "prod"))
  .map(([map, stack]): Raw => ({ ...declared(stack as "dev" | "prod"), namespaces: map }));

function reversed(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([name, inner]) => [name, reversed(inner)]),
  );
}

function expectFrozen(value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  expect(Object.isFrozen(value)).toBe(true);
  for (const inner of Object.values(value)) expectFrozen(inner);
}

describe("settings", () => {
  it("come of any declaration made of valid parts, with every secret in them", () => {
    fc.assert(
      fc.property(declaration, (raw) => {
        const settings = parse(raw);
        const names = settings.namespaces.flatMap(({ name, services: all }) =>
          all.flatMap((one) => one.secrets.map((secret) => `${name}/${one.name}/${secret.name}`)),
        );
        const declaredNames = Object.entries(
          raw.namespaces as Record<string, { services: Record<string, { secrets: object }> }>,
        ).flatMap(([name, { services: all }]) =>
          Object.entries(all).flatMap(([one, { secrets }]) =>
            Object.keys(secrets).map((secret) => `${name}/${one}/${secret}`),
          ),
        );
        expect(names.toSorted()).toEqual(declaredNames.toSorted());
      }),
    );
  });

  it("are frozen all the way down", () => {
    fc.assert(
      fc.property(declaration, (raw) => expectFrozen(parse(raw))),
      { numRuns: 20 },
    );
  });

  it("do not depend on the order in the file", () => {
    const orderly = (raw: unknown) => {
      const { vault, namespaces: all } = parse(raw);
      return JSON.stringify([
        vault.mounts,
        vault.auditDevices,
        vault.quotas,
        all.map(({ mount, services: one }) => [
          mount,
          one.map(({ name, secrets }) => [
            name,
            secrets.map((secret) => [secret.name, Object.entries(secret.data)]),
          ]),
        ]),
      ]);
    };
    const both = { kv: {}, other: {}, third: {} };
    fc.assert(
      fc.property(namespaces, (map) => {
        const withMounts = Object.fromEntries(
          Object.entries(map).map(([name, fields]) => [name, { ...fields, store: { mount: "other" } }]),
        );
        const raw = { ...changed(["vault", "mounts"], both, "prod"), namespaces: withMounts };
        expect(orderly(reversed(raw))).toBe(orderly(raw));
        expect(parse(reversed(raw))).toEqual(parse(raw));
      }),
      { numRuns: 50 },
    );
  });

  it("fill in the defaults that depend on other fields", () => {
    const secret = (fields: object) =>
      parse(withSecret({ data: { a: "b#c" }, ...fields })).namespaces[0]?.services[0]?.secrets[0];
    expect(secret({})).toMatchObject({
      target: "openai-api-key",
      creationPolicy: "Owner",
      type: "Opaque",
      deletionPolicy: "Retain",
    });
    expect(secret({ onRemoval: "retain" })).toMatchObject({ creationPolicy: "Orphan" });
    expect(
      parse(changed(["namespaces", "user", "create"], true, "prod")).namespaces.map(({ create }) => create),
    ).toEqual([false, true]);
  });

  it("read both forms of a reference alike", () => {
    const dataOf = (reference: unknown) =>
      parse(withSecret({ data: { k: reference } })).namespaces[0]?.services[0]?.secrets[0]?.data.k;
    expect(dataOf("llm/openai#api_key")).toEqual({ key: "llm/openai", property: "api_key" });
    expect(dataOf({ remoteRef: { key: "llm/openai", property: "api_key" } })).toEqual(
      dataOf("llm/openai#api_key"),
    );
  });

  it("allow http to loopback, issuers with a path, and an address with a trailing slash", () => {
    for (const address of [
      "http://127.0.0.1:8200",
      "http://localhost:8200",
      "http://[::1]:8200",
      "https://v.example/",
    ]) {
      expect(problemsIn(changed(["vault", "address"], address))).toEqual([]);
    }
    expect(problemsIn(changed(["kubernetes", "jwt"], { issuer: "https://oidc.example/id/ABC" }))).toEqual([]);
  });
});

describe("durations", () => {
  it("of hours, minutes and seconds are read exactly", () => {
    const part = fc.nat({ max: 10_000 });
    fc.assert(
      fc.property(part, part, part, part, (h, m, s, ms) => {
        expect(durationMs(`${h}h${m}m${s}s${ms}ms`)).toBe(((h * 60 + m) * 60 + s) * 1_000 + ms);
      }),
    );
  });

  it.each(["1 hour", "1H", "h", "", "1", "-1h", "1d", "1h 30m", "1h30", "∞", "1e3s"])("refuse %j", (text) => {
    expect(durationMs(text)).toBeNaN();
    expect(duration().safeParse(text).success).toBe(false);
  });

  it("are never taken from a text with anything else in it", () => {
    fc.assert(
      fc.property(goDuration, fc.string({ minLength: 1 }), (text, noise) => {
        fc.pre(!/^[\dhms.]*$/.test(noise));
        expect(duration().safeParse(text + noise).success).toBe(false);
      }),
    );
  });
});

describe("messages", () => {
  it("give path, found, allowed and fix of every problem, and say that nothing was changed", () => {
    const error = (() => {
      try {
        parse(changed(["tier"], "staging"));
      } catch (caught) {
        return caught as ConfigError;
      }
    })();
    expect(error).toBeInstanceOf(ConfigError);
    expect(error?.message).toBe(
      "Pulumi.test.yaml: 1 problem(s), nothing was changed\n" +
        '  tier\n    found:   "staging"\n    allowed: development | production\n    fix:     use one of: development | production',
    );
  });

  const canary = "canary5f2a";
  it.each([
    [
      "a value where its path belongs",
      withSecret({ data: { api_key: `sk-${canary}` } }),
      `${secretPath}.data.api_key`,
    ],
    [
      "a private key for a certificate",
      changed(
        ["vault", "caCertificate"],
        `-----BEGIN PRIVATE KEY-----\n${canary}\n-----END PRIVATE KEY-----\n`,
      ),
      "vault.caCertificate",
    ],
    [
      "a private key within certificates",
      changed(
        ["vault", "caCertificate"],
        `-----BEGIN CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\n${canary}\n-----END CERTIFICATE-----\n`,
      ),
      "vault.caCertificate",
    ],
    [
      "a password in an address",
      changed(["vault", "address"], `https://me:${canary}@vault.internal`),
      "vault.address",
    ],
  ])("do not show %s", (_name, raw, path) => {
    const problems = problemsIn(raw);
    expect(problems.map((problem) => problem.path)).toContain(path);
    expect(JSON.stringify(problems)).not.toContain(canary);
  });
});
