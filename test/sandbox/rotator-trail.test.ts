import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { stagedByOperator } from "../../jobs/rotator/state.ts";
import { useSandbox } from "./harness.ts";
import { RotationCase } from "./rotation/case.ts";
import { AUTH_MOUNT, MOUNT, type RotationGround, rotationGround } from "./rotation/ground.ts";
import { overlapOver } from "./rotation/matrix.ts";
import type { CaseOptions } from "./rotation/spec.ts";

/** What a rotation leaves behind for people to see: each step in Vault's audit log, and as an event on the ExternalSecret. */

let ground: RotationGround;
let auditLog: string;

beforeAll(async () => {
  ground = await rotationGround(await useSandbox());
  auditLog = join(ground.sandbox.paths.vaultAudit, "rotation-test.log");
  await ground.vault.write("sys/audit/rotation-test", { type: "file", options: { file_path: auditLog } });
});
afterAll(async () => {
  await ground?.vault.delete("sys/audit/rotation-test");
  await ground?.close();
});

async function openCase(name: string, options: CaseOptions = {}): Promise<RotationCase> {
  const rotation = await RotationCase.open(ground, name, options);
  onTestFinished(() => rotation.close());
  return rotation;
}

async function expectEnded(rotation: RotationCase, command: "rotate" | "finish", job?: string) {
  const ended = await rotation.end(command, job);
  expect([ended.code, ended.output]).toEqual([0, expect.any(String)]);
  return ended;
}

interface Entry {
  readonly type: string;
  readonly request: { readonly operation: string; readonly path: string };
  readonly auth?: { readonly metadata?: { readonly role?: string } };
  readonly response?: { readonly auth?: { readonly metadata?: { readonly role?: string } } };
}

/** What the log says that a role did, in the order that it was answered in. */
async function logged(role: string): Promise<readonly string[]> {
  const lines = (await readFile(auditLog, "utf8")).split("\n").filter((line) => line !== "");
  return lines
    .map((line) => JSON.parse(line) as Entry)
    .filter(({ type, auth, response }) => {
      const who = response?.auth?.metadata?.role ?? auth?.metadata?.role;
      return type === "response" && who === role;
    })
    .map(({ request: { operation, path } }) => `${operation} ${path}`);
}

describe("Vault's audit log", () => {
  test("has every step of a rotation, and no value", async () => {
    const rotation = await openCase("audited");
    const { key, live, state } = rotation.spec;
    const slot = `${MOUNT}/data/${state.path}`;
    const read = `${MOUNT}/data/${live.path}`;
    const begun = [`update auth/${AUTH_MOUNT}/login`, `read ${slot}`, `read ${MOUNT}/data/admin`];
    const over = [`patch ${MOUNT}/metadata/${state.path}`, "update auth/token/revoke-self"];
    const claim = `update ${slot}`;

    await expectEnded(rotation, "rotate");
    const rotated = await logged(key);
    const intent = [`read ${read}`, `update ${slot}`];
    const staged = `update ${slot}`;
    const tested = [`read ${read}`, `update ${slot}`];
    const promoted = [`read ${read}`, `update ${read}`, `update ${slot}`];
    const settled = [`read ${read}`, `update ${slot}`];
    expect(rotated).toEqual([
      ...begun,
      claim,
      ...intent,
      staged,
      ...tested,
      ...promoted,
      ...settled,
      ...over,
    ]);

    await overlapOver(rotation);
    await expectEnded(rotation, "finish");
    const revoked = [`read ${read}`, `update ${slot}`];
    expect((await logged(key)).slice(rotated.length)).toEqual([...begun, claim, ...revoked, ...over]);

    const { keys } = ground.provider.state;
    const value = (await rotation.live())?.value ?? "";
    expect(keys.accepts(value)).toBe(true);
    expect(await readFile(auditLog, "utf8")).not.toContain(value);
  });
});

describe("events on the ExternalSecret", () => {
  const told = async (rotation: RotationCase) =>
    (await rotation.events()).map(({ type, reason, note }) => `${type} ${reason} ${note}`).toSorted();

  test("tell every step of a rotation, once, with an orphan that it meets on its way", async () => {
    const rotation = await openCase("told", { restarts: 1 });
    const { key, namePrefix } = rotation.spec;
    const { account } = ground.provider.state.keys.createAccount(rotation.project, `${namePrefix}-2`, 0);
    const first = rotation.accounts()[0]?.id;
    await expectEnded(rotation, "rotate");
    await overlapOver(rotation);
    await expectEnded(rotation, "finish");
    await expectEnded(rotation, "finish");
    const say = (reason: string, note: string) => `Normal ${reason} ${key}: ${note}`;
    expect(await told(rotation)).toEqual(
      [
        say("RotationSwept", `removed ${namePrefix}-2 (${account.id}), which nobody holds`),
        say("RotationStaged", `${namePrefix}-2 is staged`),
        say("RotationTested", `${namePrefix}-2 is accepted by the provider`),
        say("RotationPromoted", `${namePrefix}-2 is live since version 2`),
        say("RotationSynced", `all consumers have ${namePrefix}-2`),
        say("RotationRestarted", `Deployment rotation-test/${key}-1 restarts for version 2`),
        say("RotationRevoked", `${namePrefix}-1 (${first}) is revoked`),
      ].toSorted(),
    );
  });

  test("tell what is left to people, where the provider makes and revokes no keys", async () => {
    const rotation = await openCase("told-by-hand", {
      provider: { kind: "manual" },
      start: "operator's key",
    });
    const { key, namePrefix, state } = rotation.spec;
    expect((await rotation.end("rotate", "job-1")).code).toBe(8);
    const { value } = ground.provider.state.keys.putKey("sk-put-by-hand-second");
    await rotation.putState(
      stagedByOperator(await rotation.state(), namePrefix, { value, name: "console key" }),
    );
    await expectEnded(rotation, "rotate", "job-2");
    expect((await rotation.live())?.value).toBe(value);
    await overlapOver(rotation);
    await expectEnded(rotation, "finish");
    const warn = (reason: string, note: string) => `Warning ${reason} ${key}: ${note}`;
    const say = (reason: string, note: string) => `Normal ${reason} ${key}: ${note}`;
    expect(await told(rotation)).toEqual(
      [
        warn(
          "RotationWaiting",
          `staged key in ${MOUNT}/${state.path}: found none; allowed: a key that a person made at the provider; fix: put one: npm run rotate -- put ${key}`,
        ),
        say("RotationStaged", "console key is staged"),
        say("RotationPromoted", "console key is live since version 2"),
        say("RotationSynced", "all consumers have console key"),
        warn(
          "RotationLeft",
          "the key from before the first rotation is replaced everywhere, and the rotator cannot revoke it: archive it at the provider",
        ),
      ].toSorted(),
    );
  });

  test("tell of a fault of the program itself, as the report does", async () => {
    const rotation = await openCase("told-unexpected");
    const state = await rotation.state();
    if (state === undefined) throw new Error("no state");
    await rotation.putState({ ...state, phase: "promoting" });
    expect((await rotation.end("rotate")).code).toBe(1);
    const note = "no staged key in the phase promoting";
    expect(await told(rotation)).toEqual([`Warning RotationFailed ${rotation.spec.key}: ${note}`]);
    expect(await rotation.report()).toMatch(/failure-rotate.*unexpected.*no staged key/);
  });
});
