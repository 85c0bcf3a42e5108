import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { scanner } from "../../canaries/scan.ts";

const value = 'canary-7f3a "<ä&\\> 01!';
const scan = scanner({ "the value": value, another: "another-canary-77" });
const seen = (encoding: string) => [{ canary: "the value", encoding }];

describe("a canary is found", () => {
  it.each([
    ["raw", `before ${value} after`],
    ["json", JSON.stringify({ key: `before ${value}` })],
    ["json", String.raw`{"key":"canary-7f3a \"\u003cä\u0026\\\u003e 01!"}`],
    ["json", String.raw`{"key":"canary-7f3a \"<\u00e4&\\> 01!"}`],
    ["json in json", JSON.stringify({ body: JSON.stringify({ key: value }) })],
    ["url", `https://host/path?key=${encodeURIComponent(value)}&more`],
    ["url", new URLSearchParams({ key: value }).toString()],
    ["hex", Buffer.from(value).toString("hex")],
    ["hex", Buffer.from(`${value}.`).toString("hex").toUpperCase()],
    ["base64", Buffer.from(value).toString("base64")],
    ["base64", Buffer.from(`u:${value}`).toString("base64")],
    ["base64", Buffer.from(`{${value}}`).toString("base64url")],
  ])("as %s in %s", (encoding, text) => {
    expect(scan(text)).toEqual(seen(encoding));
  });

  it("in bytes that are no text", () => {
    const bytes = Buffer.concat([Buffer.from([0xff, 0x00, 0xfe]), Buffer.from(value), Buffer.from([0xc3])]);
    expect(scan(bytes)).toEqual(seen("raw"));
  });

  const values = fc
    .string({ unit: "binary", minLength: 9, maxLength: 40 })
    .map((text) => text.toWellFormed());
  const around = fc.uint8Array({ maxLength: 7 });
  it("whatever it is, and whatever bytes stand around it", () => {
    fc.assert(
      fc.property(values, around, around, (any, before, after) => {
        const bytes = Buffer.concat([before, Buffer.from(any), after]);
        const found = (text: string) => scanner({ any })(text).length > 0;
        expect(scanner({ any })(bytes).length).toBeGreaterThan(0);
        expect(found(bytes.toString("base64"))).toBe(true);
        expect(found(bytes.toString("base64url"))).toBe(true);
        expect(found(bytes.toString("hex"))).toBe(true);
        expect(found(JSON.stringify({ any }))).toBe(true);
        expect(found(JSON.stringify(JSON.stringify({ any })))).toBe(true);
        expect(found(`x${encodeURIComponent(any)}`)).toBe(true);
      }),
    );
  });
});

describe("what it does not say", () => {
  it("nothing of what is not there, nor of a part", () => {
    expect(scan(`${value.slice(1)} ${Buffer.from(value.slice(2)).toString("base64")}`)).toEqual([]);
    expect(scan("")).toEqual([]);
  });

  it("no value: a report is for printing", () => {
    expect(JSON.stringify(scan(value))).not.toContain("canary-7f3a");
  });

  it("each of several that is there", () => {
    expect(scan(`${value} another-canary-77`).map(({ canary }) => canary)).toEqual(["the value", "another"]);
  });

  it("takes no canary that would be found by chance", () => {
    expect(() => scanner({ short: "12345678" })).toThrow(/short has 8 bytes; it needs 9 or more/);
  });
});
