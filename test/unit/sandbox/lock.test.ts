import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startTimeOf } from "../../../sandbox/processes/identity.ts";
import { withLock, withLockInTurn } from "../../../sandbox/processes/lock.ts";
import { temporaryFolder } from "./temporary-sandbox.ts";

test("a second one is refused while the first works, and may work after it", async () => {
  const file = join(await temporaryFolder(), "lock");
  const done = await withLock(file, async () => {
    await expect(withLock(file, async () => "second")).rejects.toThrow(`pid ${process.pid}`);
    return "first";
  });
  expect(done).toBe("first");
  expect(await withLock(file, async () => "second")).toBe("second");
});

test("the lock is given back when the work fails", async () => {
  const file = join(await temporaryFolder(), "lock");
  const failing = withLock(file, async () => {
    throw new Error("broken");
  });
  await expect(failing).rejects.toThrow("broken");
  expect(existsSync(file)).toBe(false);
});

test.each([
  ["of a process that ended", { pid: 2 ** 22 + 1, startTime: "x" }],
  ["of an earlier process with a living pid", { pid: process.pid, startTime: "an-earlier-boot:1" }],
])("a lock %s is taken over", async (_, holder) => {
  const file = join(await temporaryFolder(), "lock");
  await writeFile(file, JSON.stringify(holder));
  expect(await withLock(file, async () => "mine")).toBe("mine");
});

test("of many that find a stale lock at once, one at a time works", async () => {
  const file = join(await temporaryFolder(), "lock");
  await writeFile(file, JSON.stringify({ pid: process.pid, startTime: "an-earlier-boot:1" }));
  const { most, work } = countedWork();
  const results = await Promise.allSettled(Array.from({ length: 20 }, () => withLock(file, work)));
  expect(Math.max(...most)).toBe(1);
  expect(results.some((result) => result.status === "fulfilled")).toBe(true);
});

test("of many that wait for their turn, each works, one at a time", async () => {
  const file = join(await temporaryFolder(), "lock");
  await writeFile(file, JSON.stringify({ pid: process.pid, startTime: "an-earlier-boot:1" }));
  const { most, work } = countedWork();
  await Promise.all(Array.from({ length: 10 }, () => withLockInTurn(file, 10_000, work)));
  expect(most).toEqual(Array.from({ length: 10 }, () => 1));
});

test("who waits too long for a turn is told what for", async () => {
  const file = join(await temporaryFolder(), "lock");
  await withLock(file, async () => {
    await expect(withLockInTurn(file, 100, async () => "second")).rejects.toThrow(`nobody else held ${file}`);
  });
});

/** Work that takes a moment; `most` has, for each time it began, how many were at it. */
function countedWork() {
  let working = 0;
  const most: number[] = [];
  const work = async () => {
    working += 1;
    most.push(working);
    await startTimeOf(process.pid);
    working -= 1;
  };
  return { most, work };
}
