import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { putKey } from "../../cli/rotate/put.ts";
import { readSlots } from "../../cli/rotate/slots.ts";
import type { ProviderSpec } from "../../jobs/rotator/spec.ts";
import { useSandbox } from "./harness.ts";
import { RotationCase } from "./rotation/case.ts";
import { type RotationGround, rotationGround } from "./rotation/ground.ts";
import { endOf, overlapOver } from "./rotation/matrix.ts";
import type { CaseOptions } from "./rotation/spec.ts";

/** Whole rotations at providers that are described by requests and JSON pointers. */

let ground: RotationGround;

beforeAll(async () => {
  ground = await rotationGround(await useSandbox());
});
afterAll(() => ground?.close());

async function openCase(name: string, options: CaseOptions): Promise<RotationCase> {
  const rotation = await RotationCase.open(ground, name, options);
  onTestFinished(() => rotation.close());
  return rotation;
}

async function expectEnded(rotation: RotationCase, command: "rotate" | "finish", job?: string) {
  const ended = await rotation.end(command, job);
  expect([ended.code, ended.output]).toEqual([0, expect.any(String)]);
}

/** The emulated provider's API as a declaration describes it, with lists in pages of one. */
function http(address: string): Extract<ProviderSpec, { readonly kind: "http" }> {
  const accounts = `${address}/v1/organization/projects/{{project}}/service_accounts`;
  const call = { headers: { authorization: "Bearer {{admin}}" }, success: [200] };
  return {
    kind: "http",
    create: {
      ...{ ...call, method: "POST", url: accounts, body: { name: "{{name}}" } },
      ...{ id: "/id", value: "/api_key/value" },
    },
    list: {
      ...{ ...call, method: "GET", url: `${accounts}?limit=1&after={{cursor}}` },
      ...{ items: "/data", id: "/id", name: "/name", next: "/last_id" },
    },
    test: {
      ...{ method: "GET", url: `${address}/v1/models`, success: [200] },
      headers: { authorization: "Bearer {{key}}" },
    },
    revoke: { ...call, method: "DELETE", url: `${accounts}/{{id}}` },
  };
}

/** It as one whose keys a person makes, and which ends them by their ids. */
function manual(address: string): ProviderSpec {
  const { test, revoke } = http(address);
  const url = `${address}/v1/organization/projects/{{project}}/api_keys/{{id}}`;
  return { kind: "manual", test, revoke: { ...revoke, url } };
}

describe.concurrent("a described provider", () => {
  test("makes, tries and revokes keys, and what was lost there is found on later pages", async () => {
    const { keys } = ground.provider.state;
    const rotation = await openCase("described", { provider: http(ground.provider.address) });
    const { namePrefix } = rotation.spec;
    const first = (await rotation.live())?.value ?? "";
    const lost = keys.createAccount(rotation.project, `${namePrefix}-2`, 0).key.value;
    const consumer = rotation.consume();
    onTestFinished(() => consumer.stop());

    await expectEnded(rotation, "rotate");
    const second = (await rotation.live())?.value ?? "";
    const accepted = () => [first, lost, second].map((value) => keys.accepts(value));
    expect(rotation.accounts().map(({ name }) => name)).toEqual([`${namePrefix}-1`, `${namePrefix}-2`]);
    expect(accepted()).toEqual([true, false, true]);

    expect(await endOf(rotation)).toEqual([]);
    expect(accepted()).toEqual([false, false, true]);
    await consumer.stop();
    expect(consumer.failures).toEqual([]);
  });

  test("revokes by its id a key that a person put, after the overlap of its successor", async () => {
    const { keys } = ground.provider.state;
    const provider = manual(ground.provider.address);
    const rotation = await openCase("put", { provider, start: "operator's key" });
    const key = { ...rotation.spec, name: rotation.spec.key, providerSpec: provider };
    const put = async (value: string) => {
      const { id } = keys.putKey(value);
      await putKey(ground.vault, key, await readSlots(ground.vault, key), { value, id });
    };
    const accepted = () => ["sk-person-1", "sk-person-2"].map((value) => keys.accepts(value));

    await put("sk-person-1");
    await expectEnded(rotation, "rotate", "job-1");
    await put("sk-person-2");
    await expectEnded(rotation, "rotate", "job-2");
    expect((await rotation.live())?.value).toBe("sk-person-2");
    expect(accepted()).toEqual([true, true]);

    await overlapOver(rotation);
    await expectEnded(rotation, "finish");
    expect(accepted()).toEqual([false, true]);
    expect(await rotation.revokedEarly()).toEqual([]);
    expect(await rotation.events()).toContainEqual(expect.objectContaining({ reason: "RotationRevoked" }));
  });
});
