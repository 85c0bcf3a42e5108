import { PassThrough } from "node:stream";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { DeclaredPath } from "../../../cli/secrets/declared.ts";
import { promptValues, propertiesToPut, valuesFromText } from "../../../cli/secrets/input.ts";

const canary = "canary-5f2a";
const named: DeclaredPath = {
  mount: "kv",
  path: "team/db",
  properties: ["password", "user"],
  wholeSecret: false,
  generated: false,
  reads: [],
  externalSecrets: [],
  rotations: [],
};
const whole: DeclaredPath = { ...named, path: "team/all", properties: [], wholeSecret: true };
const bytes = (text: string) => new TextEncoder().encode(text);

describe("a bare value", () => {
  it.each([
    ["abc", "abc"],
    ["abc\n", "abc"],
    ["abc\r\n", "abc"],
    ["abc\n\n", "abc\n"],
    [" abc ", " abc "],
    ['{"user":"x"}', '{"user":"x"}'],
  ])("%j is put as %j", (text, value) => {
    expect(valuesFromText(named, "user", bytes(text))).toEqual({ user: value });
  });

  it.each(["", "\n", "\r\n"])("%j is empty and refused", (text) => {
    expect(() => valuesFromText(named, "user", bytes(text))).toThrow(
      /standard input is empty.*empty value is refused/,
    );
    expect(() => valuesFromText(named, undefined, bytes(text))).toThrow(/standard input is empty/);
  });

  it("that is not UTF-8 is refused, with what to do", () => {
    expect(() => valuesFromText(named, "user", new Uint8Array([0xff, 0xfe]))).toThrow(/not UTF-8.*base64/);
  });

  it("of an undeclared property is refused with the declared ones", () => {
    expect(() => valuesFromText(named, "pasword", bytes(canary))).toThrow(
      /pasword.*Declared: password, user/,
    );
  });
});

describe("a JSON map", () => {
  it("is put as it is, newlines and all", () => {
    const value = { user: "a", password: "-----BEGIN\n-----END\n" };
    expect(valuesFromText(named, undefined, bytes(JSON.stringify(value)))).toEqual(value);
  });

  it("of any texts passes unchanged where the secret is declared as a whole", () => {
    const property = fc.stringMatching(/^[A-Za-z0-9_.-]{1,12}$/).filter((name) => name !== "__proto__");
    fc.assert(
      fc.property(fc.dictionary(property, fc.string({ minLength: 1 }), { minKeys: 1 }), (map) => {
        expect(valuesFromText(whole, undefined, bytes(JSON.stringify(map)))).toEqual({ ...map });
      }),
    );
  });

  it.each([
    ["is no JSON", canary],
    ["is cut off", `{"user": "${canary}`],
    ["is a text", `"${canary}"`],
    ["is a list", `["${canary}"]`],
    ["is empty", "{}"],
    ["has a value that is no text", `{"user": {"${canary}": 1}}`],
    ["has an empty value", `{"user": "", "password": "${canary}"}`],
    ["has a value in the place of a property", `{"${canary}": "user"}`],
  ])("that %s is refused, and nothing of it is quoted", (_name, text) => {
    const error = (() => {
      try {
        valuesFromText(named, undefined, bytes(text));
      } catch (caught) {
        return caught as Error;
      }
    })();
    expect(error).toBeInstanceOf(Error);
    expect(`${error?.stack}${error?.cause}`).not.toContain(canary.slice(0, 6));
  });
});

describe("the prompt", () => {
  it("asks for every declared property, or the one named", () => {
    expect(propertiesToPut(named, undefined)).toEqual(["password", "user"]);
    expect(propertiesToPut(named, "user")).toEqual(["user"]);
    expect(propertiesToPut(whole, "anything")).toEqual(["anything"]);
    expect(() => propertiesToPut(named, "users")).toThrow(/Declared: password, user/);
    expect(() => propertiesToPut(whole, undefined)).toThrow(/--property <name>.*JSON map/);
  });

  it("shows nothing of what is typed, and asks again for an empty value", async () => {
    const input = new PassThrough();
    const output = new PassThrough();
    let shown = "";
    const answered = promptValues(["user"], { input, output });
    const typed = ["\n", `${canary}\n`];
    for await (const chunk of output) {
      shown += String(chunk);
      if (typed.length === 2 && shown.includes("Value of user")) input.write(typed.shift());
      if (typed.length === 1 && shown.includes("an empty value is refused")) input.write(typed.shift());
      if (typed.length === 0) break;
    }
    output.resume();
    output.on("data", (chunk) => {
      shown += String(chunk);
    });
    expect(await answered).toEqual({ user: canary });
    expect(shown).not.toContain(canary);
  });
});
