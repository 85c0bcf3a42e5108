import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { passwordArgs } from "../../../components/generated/password-args.ts";
import { type CharacterClass, characterClasses } from "../../../config/generated.ts";
import { alphabets } from "../../../config/generated-secrets.ts";
import { passwordOf } from "../../../sandbox/engine/direct/random-password.ts";

const declared = fc.record({
  length: fc.integer({ min: 16, max: 256 }),
  classes: fc.uniqueArray(fc.constantFrom(...characterClasses), { minLength: 1 }),
  epoch: fc.integer({ min: 1, max: 99 }),
});

const has = (value: string, name: CharacterClass) => [...value].some((one) => alphabets[name].includes(one));

describe("a generated value", () => {
  it("has its length, each declared class and no other, whatever is declared", () => {
    fc.assert(
      fc.property(declared, (value) => {
        const made = passwordOf(passwordArgs(value));
        expect(made).toHaveLength(value.length);
        for (const name of characterClasses) expect(has(made, name)).toBe(value.classes.includes(name));
        const all = value.classes.map((name) => alphabets[name]).join("");
        expect([...made].filter((one) => !all.includes(one))).toEqual([]);
      }),
    );
  });

  it("has nothing that a URL, a shell or a program's options take for something else", () => {
    const every = characterClasses.map((name) => alphabets[name]).join("");
    expect(encodeURIComponent(every)).toBe(every);
    expect(every).toMatch(/^[A-Za-z0-9._]+$/);
  });

  it("is another one each time, and its classes stand anywhere in it", () => {
    const args = passwordArgs({ length: 16, classes: ["lower", "numeric"], epoch: 1 });
    const made = Array.from({ length: 400 }, () => passwordOf(args));
    expect(new Set(made).size).toBe(made.length);
    for (let at = 0; at < 16; at++) {
      const kinds = new Set(made.map((one) => /\d/.test(one.charAt(at))));
      expect(kinds.size).toBe(2);
    }
  });

  it("tells Pulumi's provider of the epoch, so that another one is another value", () => {
    expect(passwordArgs({ length: 20, classes: ["special"], epoch: 7 })).toEqual({
      length: 20,
      lower: false,
      minLower: 0,
      upper: false,
      minUpper: 0,
      numeric: false,
      minNumeric: 0,
      special: true,
      minSpecial: 1,
      overrideSpecial: "._",
      keepers: { epoch: "7" },
    });
  });
});
