import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { finished } from "node:stream/promises";

/** A line of a real log, cut where its request id and its time stand; lines of other kinds stay as they are. */
type Template = string | { readonly parts: readonly [string, string, string]; readonly timeMs: number };

const ENTRY = /^(\{.*"id":")[0-9a-f]{8}(-[0-9a-f-]{27}".*"time":")([^"]+)(".*)$/;

/**
 * Writes a log of about `bytes` by repeating real lines: each time with request ids of its own and at a later time, so that
 * nothing in it is there twice. Logs of several devices get the same ids and times, as the devices of one Vault do.
 * @returns bytes that were written
 */
export async function makeLog(
  file: string,
  lines: readonly string[],
  spanMs: number,
  bytes: number,
): Promise<number> {
  const templates = lines.map(templateOf);
  const stream = createWriteStream(file, { highWaterMark: 2 ** 22, mode: 0o600 });
  let written = 0;
  for (let round = 1; written < bytes; round++) {
    const text = Buffer.from(templates.map((template) => filled(template, round, spanMs)).join(""));
    written += text.length;
    if (!stream.write(text)) await once(stream, "drain");
  }
  stream.end();
  await finished(stream);
  return written;
}

/** From the first entry's time to the last one's, and a second, in ms. */
export function spanOf(lines: readonly string[]): number {
  const times = lines.map(templateOf).flatMap((one) => (typeof one === "string" ? [] : [one.timeMs]));
  return Math.max(...times) - Math.min(...times) + 1_000;
}

function templateOf(line: string): Template {
  const found = ENTRY.exec(line);
  if (found === null) return `${line}\n`;
  const [, before = "", between = "", time = "", after = ""] = found;
  return { parts: [before, between, `${after}\n`], timeMs: Date.parse(time) };
}

function filled(template: Template, round: number, spanMs: number): string {
  if (typeof template === "string") return template;
  const [before, between, after] = template.parts;
  const time = new Date(template.timeMs + round * spanMs).toISOString();
  return `${before}${round.toString(16).padStart(8, "0")}${between}${time}${after}`;
}
