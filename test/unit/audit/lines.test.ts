import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LineScanner } from "../../../cli/audit/log/lines.ts";
import { Prefilter, verbatim } from "../../../cli/audit/log/prefilter.ts";

/** Lines that are handed on, and what was passed over. */
function scan(bytes: Buffer, chunkBytes: number, clauses: readonly string[][] = [], maxBytes?: number) {
  const kept: string[] = [];
  const scanner = new LineScanner(
    new Prefilter(clauses),
    (line) => {
      kept.push(line);
      return { entry: true, torn: false };
    },
    maxBytes,
  );
  const reused = Buffer.alloc(chunkBytes); // as a reader does that overwrites what it gave before
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    const length = bytes.copy(reused, 0, at, Math.min(at + chunkBytes, bytes.length));
    scanner.push(reused.subarray(0, length));
  }
  scanner.end();
  return { kept, ...scanner.skipped };
}

const object = fc
  .dictionary(fc.string({ maxLength: 5 }), fc.string({ unit: "grapheme", maxLength: 20 }))
  .map((value) => JSON.stringify(value));

describe("a log cut into lines", () => {
  it("is the same whatever the chunks, and loses nothing", () => {
    fc.assert(
      fc.property(fc.array(object), fc.integer({ min: 1, max: 50 }), fc.boolean(), (lines, size, crlf) => {
        const end = crlf ? "\r\n" : "\n";
        const found = scan(Buffer.from(lines.map((line) => line + end).join("")), size);
        expect(found.kept).toEqual(lines);
        expect(found).toMatchObject({ lines: lines.length, foreign: 0, torn: 0 });
      }),
    );
  });

  it("hands on every line with one text of each clause, and no other", () => {
    const letters = fc
      .array(fc.constantFrom("a", "b", "c", "d"), { maxLength: 4 })
      .map((all) => `{${all.join("")}}`);
    fc.assert(
      fc.property(fc.array(letters), fc.integer({ min: 1, max: 30 }), (lines, size) => {
        const found = scan(Buffer.from(lines.map((line) => `${line}\n`).join("")), size, [
          ["ab", "c"],
          ["d", "ba"],
        ]);
        expect(found.kept).toEqual(lines.filter((line) => /ab|c/.test(line) && /d|ba/.test(line)));
      }),
    );
  });

  it("counts torn lines wherever they are and whatever is asked for, and says which is the first", () => {
    const found = scan(Buffer.from('{"a":1}\n{"tor\n{"b":2}\n{"last'), 5, [["nothing"]]);
    expect(found).toMatchObject({ kept: [], torn: 2, firstTorn: 2, lastLineTorn: true });
  });

  it("takes a last line without its end that is whole", () => {
    expect(scan(Buffer.from('{"a":1}\n{"b":2}'), 4)).toMatchObject({
      kept: ['{"a":1}', '{"b":2}'],
      torn: 0,
      lastLineTorn: false,
    });
  });

  it("counts lines of other kinds", () => {
    const text = '==> Vault server configuration:\n\n2026-11-24T03:25:36.361Z [INFO]  core: up\n{"a":1}\n';
    expect(scan(Buffer.from(text), 7)).toMatchObject({ kept: ['{"a":1}'], foreign: 2, torn: 0 });
  });

  it("skips a line that is too long in bounded memory, and goes on after it", () => {
    const chunk = Buffer.alloc(2 ** 16, "x");
    const scanner = new LineScanner(new Prefilter([]), () => ({ entry: true, torn: false }), 2 ** 20);
    scanner.push(Buffer.from('{"a":1}\n{"'));
    const before = process.memoryUsage().arrayBuffers;
    for (let index = 0; index < 4_096; index++) scanner.push(chunk); // 256 MiB
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 2 ** 20);
    scanner.push(Buffer.from('"}\n{"b":2}\n'));
    scanner.end();
    expect(scanner.skipped).toMatchObject({ lines: 3, tooLong: 1, firstTooLong: 2, torn: 0 });
  });

  it("takes a line of 20 MiB", () => {
    const line = `{"a":"${"x".repeat(20 * 2 ** 20)}"}`;
    expect(scan(Buffer.from(`${line}\n`), 2 ** 17).kept[0]?.length).toBe(line.length);
  });
});

it("a text to look for is what no JSON writer writes otherwise", () => {
  expect(verbatim('kv/data/llm/openai"')).toBe('kv/data/llm/openai"');
  expect(verbatim("kv/a&b/größe-of-this")).toBe("e-of-this");
  expect(verbatim("ü")).toBe("");
});
