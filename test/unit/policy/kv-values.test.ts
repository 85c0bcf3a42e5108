import { describe, expect, it } from "vitest";
import { kvValues } from "../../../policy/rules/kv-values.ts";
import { UNKNOWN } from "../../../policy/rules/resource.ts";
import { found, resource } from "./judged.ts";

const SECRET = "vault:kv/secretV2:SecretV2";
const fine = { mount: "kv", name: "llm/db", options: { cas: "0" }, disableRead: true, dataJson: UNKNOWN };
const production = (generated?: readonly string[]) => ({
  name: "eu",
  tier: "production",
  ...(generated === undefined ? {} : { generated }),
});

describe("kv-values", () => {
  it("passes a value that is written with check-and-set and never read", () => {
    expect(found(kvValues, resource(SECRET, fine))).toEqual([]);
    expect(found(kvValues, resource(SECRET, fine), {}, production(["llm/db#password"]))).toEqual([]);
    const blank = { name: UNKNOWN, options: UNKNOWN, disableRead: UNKNOWN };
    expect(found(kvValues, resource(SECRET, blank), {}, production())).toEqual([]);
  });

  it.each([
    ["without check-and-set", { ...fine, options: undefined }, /without check-and-set/],
    ["with the input that has no effect", { ...fine, options: {}, cas: 1 }, /without check-and-set/],
    ["with another option", { ...fine, options: { cas: "newest" } }, /without check-and-set/],
    ["and read back", { ...fine, disableRead: undefined }, /read back/],
  ])("refuses one that is written %s", (_how, props, words) => {
    expect(found(kvValues, resource(SECRET, props))).toEqual([expect.stringMatching(words)]);
  });

  it.each(["vault:kv/secret:Secret", "vault:generic/secret:Secret"])(
    "refuses %s, which overwrites",
    (type) => {
      expect(found(kvValues, resource(type, fine))).toEqual([
        expect.stringMatching(/over whatever is there/),
      ]);
    },
  );

  it.each(["kv/data/llm/db", "database/config/orders", UNKNOWN])(
    "refuses an endpoint of any path, and does not show what it writes",
    (path) => {
      const endpoint = resource("vault:generic/endpoint:Endpoint", {
        path,
        dataJson: '{"password":"hunter2-canary"}',
      });
      const findings = found(kvValues, endpoint, {}, production(["llm/db#password"]));
      expect(findings).toEqual([expect.stringMatching(/any path of Vault.*keeps it in the state/)]);
      expect(findings.join()).not.toContain("canary");
    },
  );

  it("refuses in production what is not named there", () => {
    for (const named of [undefined, [], ["llm/db2#password"], ["llm#db"]]) {
      expect(found(kvValues, resource(SECRET, fine), {}, production(named))).toEqual([
        expect.stringMatching(/production stack eu, which generated\.production does not name/),
      ]);
    }
  });

  it.each(["vault:kv/secretBackendV2:SecretBackendV2", "vault:index/mount:Mount", "aws:kv/secret:Secret"])(
    "leaves %s alone",
    (type) => expect(found(kvValues, resource(type), {}, production())).toEqual([]),
  );
});
