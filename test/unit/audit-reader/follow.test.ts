import { appendFile, mkdtemp, rename, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { Follower } from "../../../jobs/audit-reader/follow.ts";

/** A log that is followed, and the lines that were read of it. */
async function followed(content?: string) {
  const folder = await mkdtemp(join(tmpdir(), "follow-"));
  const file = join(folder, "audit.log");
  if (content !== undefined) await writeFile(file, content);
  const lines: string[] = [];
  const follower = new Follower(file, (line) => lines.push(line));
  onTestFinished(async () => {
    await follower.close();
    await rm(folder, { recursive: true });
  });
  await follower.poll();
  return { file, lines, follower };
}

test("what stood there before is passed over, what comes is read, each line once it is whole", async () => {
  const { file, lines, follower } = await followed("old\n");
  await appendFile(file, "one\ntw");
  await follower.poll();
  expect(lines).toEqual(["one"]);
  await appendFile(file, "o\n");
  await follower.poll();
  await follower.poll();
  expect(lines).toEqual(["one", "two"]);
});

test("a log that comes later is read from its beginning", async () => {
  const { file, lines, follower } = await followed();
  await writeFile(file, "one\n");
  await follower.poll();
  expect(lines).toEqual(["one"]);
});

test("a log that was renamed is read to its end, though its successor is there already, and then the successor", async () => {
  const { file, lines, follower } = await followed("old\n");
  await appendFile(file, "one\n");
  await rename(file, `${file}.1`);
  await follower.poll();
  await writeFile(file, "");
  await follower.poll();
  await appendFile(`${file}.1`, "two\n"); // Vault has not been told yet
  await follower.poll();
  await appendFile(file, "three\n");
  await follower.poll();
  expect(lines).toEqual(["one", "two", "three"]);
});

test("a log that was copied and truncated is read on from its beginning", async () => {
  const { file, lines, follower } = await followed("old\n");
  await appendFile(file, "one\n");
  await follower.poll();
  await truncate(file);
  await follower.poll();
  await appendFile(file, "two\n");
  await follower.poll();
  expect(lines).toEqual(["one", "two"]);
});

test("an entry longer than one read is one line", async () => {
  const { file, lines, follower } = await followed("");
  const long = "x".repeat(200_000);
  await appendFile(file, `${long}\nshort\n`);
  await follower.poll();
  expect(lines).toEqual([long, "short"]);
});
