import { describe, expect, it } from "vitest";
import { generatedSecrets } from "../../../config/generated-secrets.ts";
import { parseSettings } from "../../../config/parse.ts";
import { expectRefused, problemsIn, withSecret } from "../config/declarations.ts";
import { withKeys } from "../rotation/declarations.ts";
import { dataPath, generated, productionWith, settingsWithData } from "./declarations.ts";

const data = (entries: Record<string, unknown>) => withSecret({ data: entries });

/** A key at the path of generated values. */
const { rotation } = withKeys({ db: { path: "llm/db", property: "other" } });
const rotated = { rotation };

describe("a generated value", () => {
  it("has its defaults, and is read like any other", () => {
    const settings = settingsWithData({ password: generated("password") });
    const [secret] = settings.namespaces[0]?.services[0]?.secrets ?? [];
    expect(secret?.data.password).toEqual({
      key: "llm/db",
      property: "password",
      generated: { length: 32, classes: ["lower", "upper", "numeric"], epoch: 1 },
    });
  });

  it("is one secret with the others of its path, whose version is the highest epoch", () => {
    const settings = settingsWithData({
      z: generated("token", { epoch: 3 }),
      a: generated("password", { epoch: 2, length: 40 }),
      again: "llm/db#token",
      other: "llm/openai#api_key",
    });
    expect(generatedSecrets(settings)).toEqual([
      {
        mount: "kv",
        path: "llm/db",
        version: 3,
        properties: [
          expect.objectContaining({
            property: "password",
            epoch: 2,
            length: 40,
            declaredAt: `${dataPath}.a`,
          }),
          expect.objectContaining({ property: "token", epoch: 3, declaredAt: `${dataPath}.z` }),
        ],
      },
    ]);
  });

  it("is let into production by name", () => {
    const raw = productionWith({ password: generated("password") }, ["llm/db#password"]);
    expect(generatedSecrets(parseSettings(raw, "Pulumi.prod.yaml"))).toHaveLength(1);
  });

  it("and every problem is reported together", () => {
    const entry = {
      source: "generated",
      remoteRef: { key: "llm/db" },
      length: 4,
      classes: ["letters"],
      epoch: 0,
    };
    expect(problemsIn(data({ password: entry })).map(({ path }) => path)).toEqual([
      `${dataPath}.password.remoteRef.property`,
      `${dataPath}.password.length`,
      `${dataPath}.password.classes[0]`,
      `${dataPath}.password.epoch`,
    ]);
  });

  expectRefused([
    [
      "another source",
      data({ password: { ...generated("password"), source: "random" } }),
      `${dataPath}.password.source`,
      /"random"/,
      /^generated$/,
      /use one of: generated/,
    ],
    [
      "a pinned version, which would not be the generator's",
      data({
        password: { ...generated("password"), remoteRef: { key: "llm/db", property: "p", version: 2 } },
      }),
      `${dataPath}.password.remoteRef`,
      /unknown key\(s\) version/,
      /key, property/,
      /remove version/,
    ],
    [
      "one value made twice",
      data({ one: generated("password"), two: generated("password") }),
      `${dataPath}.two`,
      /llm\/db#password, which is generated at .*\.data\.one already/,
      /once/,
      /write llm\/db#password here/,
    ],
    [
      "somebody else's property at its path",
      data({ password: generated("password"), user: "llm/db#user" }),
      `${dataPath}.user`,
      /llm\/db#user/,
      /generated there: password/,
      /path of its own/,
    ],
    [
      "a path that is rotated as well",
      { ...data({ api_key: generated("other"), key: "llm/db#other" }), ...rotated },
      `${dataPath}.api_key`,
      /llm\/db#other, at the path that rotation\.keys\.db rotates/,
      /one writer/,
      /path of its own/,
    ],
    [
      "a value that can be guessed",
      data({ pin: generated("pin", { classes: ["numeric"], length: 16 }) }),
      `${dataPath}.pin.length`,
      /16 characters of numeric: 53 bits/,
      /64 bits/,
      /longer, or of more classes/,
    ],
    [
      "one that production does not name",
      productionWith({ password: generated("password"), token: generated("token") }, ["llm/db#token"]),
      `${dataPath}.password`,
      /tier: production/,
      /generated\.production/,
      /secrets -- put llm\/db.*add llm\/db#password/,
    ],
    [
      "a name for which nothing is generated",
      productionWith({ password: generated("password") }, ["llm/db#password", "llm/db#pasword"]),
      "generated.production[1]",
      /"llm\/db#pasword"/,
      /llm\/db#password/,
      /mend/,
    ],
  ]);
});
