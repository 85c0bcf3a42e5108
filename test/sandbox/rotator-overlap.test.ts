import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { ApiError } from "../../sandbox/node-agent/api/client.ts";
import { until } from "../../sandbox/processes/until.ts";
import { useSandbox } from "./harness.ts";
import { RotationCase } from "./rotation/case.ts";
import { ensure, MOUNT, NAMESPACE, type RotationGround, rotationGround } from "./rotation/ground.ts";
import { endOf, overlapOver } from "./rotation/matrix.ts";
import { type CaseOptions, deployment } from "./rotation/spec.ts";

/** When a previous key is revoked: not before the overlap is over by Vault's clock, and every consumer has its successor. */

let ground: RotationGround;

beforeAll(async () => {
  ground = await rotationGround(await useSandbox());
});
afterAll(() => ground?.close());

const TEN_DAYS = 10 * 24 * 3_600;

async function openCase(name: string, options: CaseOptions): Promise<RotationCase> {
  const rotation = await RotationCase.open(ground, name, options);
  onTestFinished(() => rotation.close());
  return rotation;
}

async function finish(rotation: RotationCase, clockShiftSeconds = 0) {
  return rotation.run("finish", "job-finish", clockShiftSeconds).ended;
}

/** When the newest version of the live slot was made, by Vault's clock. */
async function promotedAt({ spec }: RotationCase): Promise<number> {
  const secret = await ground.vault.read(`${MOUNT}/data/${spec.live.path}`);
  const { created_time = "" } = (secret?.metadata ?? {}) as { readonly created_time?: string };
  return Date.parse(created_time);
}

describe("the job's clock is wrong", () => {
  test.each([
    ["ten days ahead", TEN_DAYS],
    ["ten days behind", -TEN_DAYS],
  ])("%s: the overlap is counted from Vault's time of the promotion", async (name, shift) => {
    const overlapSeconds = 3_600;
    const rotation = await openCase(`counted-${name.replaceAll(" ", "-")}`, { overlapSeconds });
    const ended = await rotation.run("rotate", "job-1", shift).ended;
    expect([ended.code, ended.output]).toEqual([0, expect.any(String)]);
    const [previous] = (await rotation.state())?.previous ?? [];
    const expected = (await promotedAt(rotation)) + overlapSeconds * 1_000;
    expect(Date.parse(previous?.revokeAfter ?? "")).toBe(expected);
  });

  test("ten days ahead: previous is not revoked before the overlap is over, by no command", async () => {
    const rotation = await openCase("ahead", { overlapSeconds: 3_600 });
    const first = (await rotation.live())?.value ?? "";
    expect((await rotation.end("rotate", "job-1")).code).toBe(0);
    const second = (await rotation.live())?.value ?? "";
    expect((await finish(rotation, TEN_DAYS)).steps.at(-1)).toMatchObject({ step: "nothing-to-do" });
    expect((await rotation.run("rotate", "job-2", TEN_DAYS).ended).code).toBe(0);
    const third = (await rotation.live())?.value ?? "";
    const { keys } = ground.provider.state;
    expect([first, second, third].map((value) => keys.accepts(value))).toEqual([true, true, true]);
    expect(new Set([first, second, third]).size).toBe(3);
  });

  test("ten days behind: previous is revoked once the overlap is over", async () => {
    const rotation = await openCase("behind", { overlapSeconds: 1 });
    const first = (await rotation.live())?.value ?? "";
    expect((await rotation.run("rotate", "job-1", -TEN_DAYS).ended).code).toBe(0);
    await overlapOver(rotation);
    const ended = await finish(rotation, -TEN_DAYS);
    expect([ended.code, ended.output]).toEqual([0, expect.stringContaining('"step":"RotationRevoked"')]);
    expect(ground.provider.state.keys.accepts(first)).toBe(false);
    expect(await rotation.revokedEarly()).toEqual([]);
  });
});

describe("consumers do not sync", () => {
  const limits = { sync: 2 };

  test("ESO hangs: previous outlives its overlap, and is revoked when all have synced", async () => {
    const rotation = await openCase("eso-hangs", { overlapSeconds: 1, limits });
    const consumer = rotation.consume();
    const first = (await rotation.live())?.value ?? "";
    ground.signalEso("SIGSTOP");
    onTestFinished(() => ground.signalEso("SIGCONT"));
    const unsynced = expect.stringMatching(
      /consumers: found .*; allowed: every ExternalSecret synced within 2 s/,
    );
    const rotated = await rotation.end("rotate", "job-1");
    expect([rotated.code, rotated.output]).toEqual([7, unsynced]);
    await overlapOver(rotation);
    for (const ended of [await finish(rotation), await rotation.end("rotate", "job-2")])
      expect([ended.code, ended.output]).toEqual([7, unsynced]);
    expect(rotation.accounts()).toHaveLength(2);
    expect(ground.provider.state.keys.accepts(first)).toBe(true);
    expect(await rotation.events()).toContainEqual({
      ...{ type: "Warning", reason: "RotationFailed", note: unsynced },
    });
    ground.signalEso("SIGCONT");
    const ended = await finish(rotation);
    expect([ended.code, ended.output]).toEqual([0, expect.stringContaining('"step":"RotationRevoked"')]);
    expect(ground.provider.state.keys.accepts(first)).toBe(false);
    await consumer.stop();
    expect(consumer.failures).toEqual([]);
    expect(await endOf(rotation)).toEqual([]);
  });

  test("one of two never could: its store is not there", async () => {
    const rotation = await openCase("one-of-two", { overlapSeconds: 1, consumers: 2, limits });
    const second = rotation.spec.consumers[1]?.externalSecret ?? "";
    const path = `/apis/external-secrets.io/v1/namespaces/${NAMESPACE}/externalsecrets/${second}`;
    const store = await useStore(path, "missing");
    const rotated = await rotation.end("rotate", "job-1");
    expect([rotated.code, rotated.output]).toEqual([7, expect.stringContaining(`${NAMESPACE}/${second}: `)]);
    expect(rotated.output).not.toContain(`${NAMESPACE}/${rotation.spec.key}: `);
    await overlapOver(rotation);
    expect((await finish(rotation)).code).toBe(7);
    expect(rotation.accounts()).toHaveLength(2);
    await useStore(path, store);
    const ended = await finish(rotation);
    expect([ended.code, ended.output]).toEqual([0, expect.stringContaining('"step":"RotationRevoked"')]);
    expect(rotation.accounts()).toHaveLength(1);
  });

  test("one was deleted: the run says so, and previous stays", async () => {
    const rotation = await openCase("deleted", { overlapSeconds: 1, consumers: 2, limits });
    const second = rotation.spec.consumers[1]?.externalSecret ?? "";
    const all = `/apis/external-secrets.io/v1/namespaces/${NAMESPACE}/externalsecrets`;
    await ground.cluster.send("DELETE", `${all}/${second}`);
    const rotated = await rotation.end("rotate", "job-1");
    expect([rotated.code, rotated.output]).toEqual([
      7,
      expect.stringContaining(`consumers: found ${NAMESPACE}/${second} is not there`),
    ]);
    await overlapOver(rotation);
    expect((await finish(rotation)).code).toBe(7);
    expect(rotation.accounts()).toHaveLength(2);
  });
});

test("a workload that is not there: the run names it and how to go on, the others restart, and previous stays until then", async () => {
  const rotation = await openCase("no-workload", { overlapSeconds: 1, restarts: 2 });
  const [first, second] = rotation.spec.restarts;
  const all = `/apis/apps/v1/namespaces/${NAMESPACE}/deployments`;
  await ground.cluster.send("DELETE", `${all}/${second?.name}`);
  const rotated = await rotation.end("rotate", "job-1");
  expect([rotated.code, rotated.output]).toEqual([
    7,
    expect.stringMatching(
      `restart: found no Deployment ${NAMESPACE}/${second?.name}; .*rotation.keys.${rotation.spec.key}.restart`,
    ),
  ]);
  expect(rotated.output).toContain(`Deployment ${NAMESPACE}/${first?.name} restarts for version 2`);
  await overlapOver(rotation);
  expect((await finish(rotation)).code).toBe(7);
  expect(rotation.accounts()).toHaveLength(2);
  await ensure(ground.cluster, all, deployment(second?.name ?? ""));
  const ended = await finish(rotation);
  expect([ended.code, ended.output]).toEqual([0, expect.stringContaining('"step":"RotationRevoked"')]);
  expect(rotation.accounts()).toHaveLength(1);
});

interface ExternalSecret {
  readonly spec: { readonly secretStoreRef: { readonly name: string; readonly kind: string } };
}

/** Gives the store that it had. */
function useStore(path: string, name: string): Promise<string> {
  return until("nobody else writes the ExternalSecret meanwhile", { deadlineMs: 10_000 }, async () => {
    const now = await ground.cluster.get<ExternalSecret>(path);
    const { secretStoreRef } = now.spec;
    const changed = { ...now, spec: { ...now.spec, secretStoreRef: { ...secretStoreRef, name } } };
    return ground.cluster.send("PUT", path, changed).then(
      () => secretStoreRef.name,
      (error: unknown) =>
        error instanceof ApiError && error.status === 409 ? undefined : Promise.reject(error),
    );
  });
}
