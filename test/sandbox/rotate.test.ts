import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { HistoryRow } from "../../cli/rotate/history.ts";
import { findKey, rotationOf } from "../../cli/rotate/keys.ts";
import { putKey } from "../../cli/rotate/put.ts";
import { readSlots } from "../../cli/rotate/slots.ts";
import type { KeyStatus } from "../../cli/rotate/status.ts";
import { byHand, type Person, type RotateGround, rotateGround } from "./rotate/ground.ts";

let ground: RotateGround;
/** Everything that a key was at some time: none of it is ever printed. */
const values: string[] = [];

const auditor: Person = { vault: "auditor", kubernetes: "auditor" };

async function statusOf(key: string, person?: Person): Promise<{ code: number | null; key: KeyStatus }> {
  const { code, stdout, stderr } = await ground.rotate(["status", key, "--json"], person);
  const [found] = (JSON.parse(stdout || stderr) as { keys: KeyStatus[] }).keys;
  if (found === undefined) throw new Error(stderr);
  return { code, key: found };
}

async function historyOf(key: string): Promise<readonly HistoryRow[]> {
  const { stdout } = await ground.rotate(["history", key, "--vault-log", ground.vaultLog, "--json"]);
  return JSON.parse(stdout) as HistoryRow[];
}

async function supply(value: string, valid = true): Promise<string> {
  values.push(value);
  if (valid) ground.provider.state.keys.putKey(value);
  return `${value}\n`;
}

beforeAll(async () => {
  ground = await rotateGround();
  values.push(await ground.live("llm/openai"), await ground.live("llm/anthropic"));
});
afterAll(() => ground?.close());

describe("a key that its provider makes", () => {
  test("stands as never rotated at first, to whoever may read metadata", async () => {
    for (const person of [undefined, auditor]) {
      const { code, key } = await statusOf("openai-llm", person);
      expect(code).toBe(0);
      expect(key).toMatchObject({ generation: null, current: null, standing: "unused", overdueSince: null });
    }
  });

  test("is rotated at once and followed: a second command finds it running and starts nothing", async () => {
    const before = await ground.live("llm/openai");
    const { state } = ground.provider;
    // Its test of the new key waits as long: enough for two more commands to start on a machine with other work.
    state.newKeyDelayMs = 30_000;
    onTestFinished(() => {
      state.newKeyDelayMs = 0;
    });
    const first = ground.rotate(["now", "openai-llm"]);
    const running = await untilRunning("openai-llm");
    const second = await ground.rotate(["now", "openai-llm"]);
    expect(second).toMatchObject({ code: 1, stderr: expect.stringContaining(`${running} runs already`) });

    const { code, stdout } = await first;
    values.push(await ground.live("llm/openai"));
    expect(stdout).toMatch(/Staged:.*Tested:.*Promoted:.*Synced:/s);
    expect(stdout).toMatch(
      /openai-llm-1 is current, in version 2; the previous one, which the rotator cannot revoke, stays valid until you archive it at openai/,
    );
    expect(code).toBe(0);
    expect(await ground.live("llm/openai")).not.toBe(before);
    expect(ground.provider.state.keys.accepts(await ground.live("llm/openai"))).toBe(true);
    expect(ground.provider.state.keys.accepts(before)).toBe(true);
  });

  test("then stands as current, with its previous key until the overlap ends", async () => {
    const { code, key } = await statusOf("openai-llm", auditor);
    expect(code).toBe(0);
    expect(key).toMatchObject({
      ...{ generation: 1, standing: "reported", phase: "idle", running: null, failures: [] },
      current: { name: "llm-gateway-dev-openai-llm-1", version: 2 },
      previous: [{ name: null, revokeAfter: expect.any(String) }],
    });
    const [until, since] = [key.previous[0]?.revokeAfter, key.current?.since].map((text) =>
      Date.parse(text ?? ""),
    );
    expect((until ?? 0) - (since ?? 0)).toBeCloseTo(3 * 3_600_000, -3);
  });

  test("is not rotated again while the overlap runs", async () => {
    const { code, stderr } = await ground.rotate(["now", "openai-llm"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/previous key of openai-llm is valid until .*overlap still runs/);
  });

  test("has a history: the version put by hand, then the promotion with its Job and, of the log, its request", async () => {
    expect(await historyOf("openai-llm")).toMatchObject([
      { what: "written by others", version: 1, name: null },
      {
        ...{ what: "promoted", version: 2, generation: 1, name: "llm-gateway-dev-openai-llm-1", ended: null },
        job: expect.stringMatching(/^rotate-openai-llm-/),
        writtenBy: { who: expect.stringContaining("vault-rotation/rotate-openai-llm") },
      },
    ]);
  });
});

test("a key that leaked is replaced despite the overlap; both earlier keys live on to their ends", async () => {
  const { code, stdout } = await ground.rotate(["now", "openai-llm", "--despite-overlap"]);
  values.push(await ground.live("llm/openai"));
  expect(stdout).toMatch(/llm-gateway-dev-openai-llm-2 is current, in version 3/);
  expect(code).toBe(0);
  const { key } = await statusOf("openai-llm");
  expect(key.previous.map(({ name }) => name)).toEqual([null, "llm-gateway-dev-openai-llm-1"]);
});

describe("a key that a person makes", () => {
  test("is waited for", async () => {
    const { code, stdout } = await ground.rotate(["now", "anthropic"]);
    expect(stdout).toMatch(/RotationWaiting[\s\S]*Put one: npm run rotate -- put anthropic/);
    expect(code).toBe(8);
    const waiting = await statusOf("anthropic");
    expect([waiting.code, waiting.key.failures]).toMatchObject([2, [{ command: "rotate" }]]);
  });

  test("waits where no consumer reads it, is replaced by another, and is promoted by a run", async () => {
    const before = await ground.live("llm/anthropic");
    expect(await ground.rotate(["put", "anthropic"], undefined, await supply(byHand()))).toMatchObject({
      code: 0,
    });
    expect((await statusOf("anthropic")).key.standing).toBe("supplied");
    const right = byHand();
    expect(await ground.rotate(["put", "anthropic"], undefined, await supply(right))).toMatchObject({
      code: 0,
    });
    expect(await ground.live("llm/anthropic")).toBe(before);

    const { code, stdout } = await ground.rotate(["now", "anthropic"]);
    expect(stdout).toContain("llm-gateway-dev-anthropic-1 is current");
    expect(code).toBe(0);
    expect(await ground.live("llm/anthropic")).toBe(right);
  });

  test("is not put over what somebody else wrote meanwhile", async () => {
    const key = findKey(rotationOf(ground.settings, "dev"), "anthropic");
    const seen = await readSlots(ground.secretAdmin, key);
    const other = await supply(byHand(), false);
    expect(await ground.rotate(["put", "anthropic"], undefined, other)).toMatchObject({ code: 0 });
    const late = putKey(ground.secretAdmin, key, seen, { value: byHand() });
    await expect(late).rejects.toThrow(/changed since this command began.*nothing was written/);
  });

  test("that the provider refuses leaves the current one, says so, and ends with the rotator's code", async () => {
    const before = await ground.live("llm/anthropic");
    const { code, stdout } = await ground.rotate(["now", "anthropic"]);
    expect(stdout).toMatch(/Failed: .*refusal by the provider/);
    expect(code).toBe(5);
    const { failures } = (await statusOf("anthropic")).key;
    expect(failures).toMatchObject([
      { command: "rotate", text: expect.stringContaining("a refusal by the provider") },
    ]);
    expect(await ground.live("llm/anthropic")).toBe(before);
    expect((await historyOf("anthropic")).at(-1)).toMatchObject({ what: "refused", generation: 2 });
  });
});

describe("refused is", () => {
  test.each([
    ["a key that is not declared, with the nearest", ["now", "openai-lm"], /Is it openai-llm\?/],
    ["putting a key that the provider makes", ["put", "openai-llm"], /makes the keys of openai-llm itself/],
    ["an id that nothing is revoked by", ["put", "anthropic", "--id", "key_1"], /declares no revoke/],
  ])("%s", async (_what, args, message) => {
    const { code, stderr } = await ground.rotate(args);
    expect(stderr).toMatch(message);
    expect(code).toBe(1);
  });

  test("whoever may not: a Job to an auditor, a key to one who puts none, metadata to a previewer", async () => {
    const put = await ground.rotate(["put", "anthropic"], auditor, await supply(byHand()));
    expect(put).toMatchObject({ code: 1, stderr: expect.stringMatching(/capability "patch"/) });
    const job = await ground.rotate(["now", "anthropic", "--despite-overlap"], auditor);
    expect(job).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/right to create jobs in vault-rotation/),
    });
    const seen = await ground.rotate(["status"], { vault: "previewer", kubernetes: "previewer" });
    expect(seen).toMatchObject({ code: 1, stderr: expect.stringMatching(/capability "read"/) });
  });

  test("nothing that Vault alone can say: without the cluster, status says what it did not see", async () => {
    const { code, stdout } = await ground.rotate(["status", "openai-llm", "--context", "elsewhere"]);
    expect(stdout).toMatch(/Not seen: CronJobs and Jobs .*elsewhere/);
    expect(code).toBe(0);
  });
});

test("the audit log has every write of the rotators, told apart from other paths", async () => {
  const rows = await ground.audited();
  const of = (path: string) =>
    rows.filter((row) => row.path === path && row.who.name.startsWith("vault-rotation/"));
  expect(of("kv/data/llm/openai").map(({ notes }) => notes)).toEqual([[], []]);
  expect(of("kv/data/rotation/openai-llm").length).toBeGreaterThan(4);
  for (const path of ["kv/data/rotation/openai-llm", "kv/metadata/rotation/openai-llm"]) {
    expect(of(path)[0]).toMatchObject({ outcome: "allowed", notes: ["state of the rotation openai-llm"] });
  }
});

test("no key was printed", () => {
  expect(values.length).toBeGreaterThan(6);
  for (const value of values) expect(ground.printed()).not.toContain(value);
});

/** Looks until the key's Job is there; the Job stays for seconds. */
async function untilRunning(key: string): Promise<string> {
  for (;;) {
    const { running } = (await statusOf(key)).key;
    if (running !== null) return running;
  }
}
