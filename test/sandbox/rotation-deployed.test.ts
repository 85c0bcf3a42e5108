import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RotationState, rotationState } from "../../jobs/rotator/state.ts";
import { until } from "../../sandbox/processes/until.ts";
import { runningExporter } from "./exporter/told.ts";
import { type CallingConsumer, callTo, startConsumer } from "./rotation/consumer.ts";
import {
  type DeployedGround,
  deployedGround,
  KEY,
  NAMESPACE,
  OVERLAP_SECONDS,
  PROJECT,
  refreshed,
  rotating,
} from "./rotation-deployed/ground.ts";
import { restartChecks } from "./rotation-deployed/restarts.ts";
import { digestOf, type SeenPod } from "./rotation-deployed/workload.ts";

const STATE = `kv/data/rotation/${KEY}`;
const ROLE = `auth/kubernetes/role/voyager-platform-${NAMESPACE}.${KEY}`;
const POLICY = `sys/policies/acl/voyager-platform.${NAMESPACE}.${KEY}`;

/**
 * A key's whole life as the stack deploys it: Jobs of its CronJobs, run by the node agent with their own service account,
 * and a consumer that calls the provider all the time with what its Secret holds. The checks build on one another.
 */
describe("a rotation that the stack deploys", () => {
  let ground: DeployedGround;
  let consumer: CallingConsumer;
  let first: string;
  let pod: SeenPod;

  beforeAll(async () => {
    ground = await deployedGround();
    await ground.up(rotating(ground.provider.address));
    pod = await ground.workload.pod();
    consumer = startConsumer(callTo(ground.provider.address), () => ground.synced());
  });
  afterAll(() => ground?.close());

  const accepts = (value: string) => ground.provider.state.keys.accepts(value);
  const accounts = () => ground.provider.state.keys.accounts(PROJECT).map(({ name }) => name);
  const reasons = async () => (await ground.events()).map(({ reason }) => reason);
  const state = async (): Promise<RotationState> =>
    rotationState.parse((await ground.vault.read(STATE))?.data);

  it("replaces the key in Vault and in the Secret, and the one before stays good", async () => {
    const before = await ground.live();
    expect(await ground.run("rotate")).toMatchObject({ succeeded: true });
    const after = await ground.live();
    expect(after.version).toBe(before.version + 1);
    expect((await ground.synced()) === after.value).toBe(true);
    expect(accepts(ground.operatorsKey)).toBe(true);
    expect(accounts()).toEqual([`llm-gateway-dev-${KEY}-1`]);
    first = after.value;
  });

  it("shows in the exporter's metrics: the new key's age, its next run, and nothing overdue", async () => {
    const { tells } = await runningExporter(ground.sandbox);
    const of = (metric: string) => `rotation_${metric}{key="${KEY}"}`;
    const promotedAt = Date.parse((await state()).current?.promotedAt ?? "") / 1_000;
    const nearNow = (age: number | undefined) =>
      Math.abs(Date.now() / 1_000 - promotedAt - (age ?? -1e9)) < 30;
    const told = await tells("the key is new", (now) => nearNow(now.get(of("age_seconds"))));
    const due = new Date((told.get(of("next_due_timestamp_seconds")) ?? 0) * 1_000);
    expect(due.getTime()).toBeGreaterThan(Date.now());
    expect([due.getUTCDay(), told.get(of("overdue"))]).toEqual([1, 0]);
  });

  it("replaces the pod that has the key in its environment, by one that has the new key", async () => {
    expect(pod.digest).toBe(digestOf(ground.operatorsKey));
    pod = await ground.workload.pod(pod);
    expect(pod.digest).toBe(digestOf(first));
  });

  describe("its account, of workloads", () => restartChecks(() => ground));

  it("tells each step as an event on the ExternalSecret", async () => {
    expect(await reasons()).toEqual(
      expect.arrayContaining(["RotationStaged", "RotationTested", "RotationPromoted", "RotationSynced"]),
    );
    expect((await reasons()).filter((reason) => reason === "RotationRestarted")).toHaveLength(3);
  });

  it("revokes nothing while the overlap runs", async () => {
    expect(await ground.run("rotate")).toMatchObject({ succeeded: true });
    expect(await ground.run("finish")).toMatchObject({ succeeded: true });
    expect(accounts()).toHaveLength(2);
    expect(accepts(first)).toBe(true);
  });

  it("replaces the pod at each promotion, and at no run that promotes nothing", async () => {
    pod = await ground.workload.pod(pod);
    expect(pod.digest).toBe(digestOf((await ground.live()).value));
    const before = await ground.workload.generation();
    expect(await ground.run("finish")).toMatchObject({ succeeded: true });
    expect(await ground.workload.generation()).toBe(before);
    expect(await ground.workload.pod()).toEqual(pod);
  });

  it("leaves everything as it is when the provider refuses the new key, and the Job fails", async () => {
    const before = await ground.live();
    ground.provider.state.refuseNewKeys = true;
    expect(await ground.run("rotate")).toMatchObject({
      succeeded: false,
      reason: expect.stringMatching(/^PodFailurePolicy/),
    });
    ground.provider.state.refuseNewKeys = false;
    expect(await ground.live()).toEqual(before);
    expect(accepts(before.value)).toBe(true);
    expect(await reasons()).toEqual(expect.arrayContaining(["RotationRefused", "RotationFailed"]));
  });

  it("revokes the previous key once its overlap is over, and leaves no other behind", async () => {
    const over = { deadlineMs: (OVERLAP_SECONDS + 30) * 1_000, intervalMs: 500 };
    await until("the overlap of the first key was over", over, async () => {
      const { previous } = await state();
      const last = Math.max(...previous.map(({ revokeAfter = "" }) => Date.parse(revokeAfter)));
      return Date.now() > last ? true : undefined;
    });
    expect(await ground.run("finish")).toMatchObject({ succeeded: true });
    expect(accepts(first)).toBe(false);
    expect(accounts()).toEqual([`llm-gateway-dev-${KEY}-2`]);
    expect(await reasons()).toContain("RotationRevoked");
  });

  it("failed no call of a consumer in all that", async () => {
    await consumer.stop();
    expect(consumer.failures).toEqual([]);
    expect(consumer.calls).toBeGreaterThan(100);
  });

  it("has written in Vault's audit log what it did, as its own service account", async () => {
    const rows = await ground.audit(["rotations"]);
    const own = rows.filter(({ who }) => who.name === `${NAMESPACE}/rotate-${KEY}`).map(({ path }) => path);
    expect(own).toEqual(expect.arrayContaining(["kv/data/llm/openai", STATE]));
  });

  it("is deployed again without a change; another schedule changes the one CronJob, and what the exporter is told", async () => {
    const { done } = await ground.up(rotating(ground.provider.address));
    expect(done).toEqual([]);
    const moved = await ground.up(rotating(ground.provider.address, { schedule: "0 4 * * 2" }));
    const [own, others] = [true, false].map((own) =>
      moved.done.filter(({ name }) => name.startsWith(`${NAMESPACE}/`) === own),
    );
    expect(own).toEqual([
      { action: "updated", type: "kubernetes:batch/v1:CronJob", name: `${NAMESPACE}/rotate-${KEY}` },
    ]);
    // Its specification is another ConfigMap, which its pods are told to mount.
    expect(others?.map(({ type }) => type.split(":").at(-1)).toSorted()).toEqual([
      "ConfigMap",
      "ConfigMap",
      "Deployment",
    ]);
    for (const { name } of others ?? []) expect(name).toContain("exporter");
  });

  it("goes with its declaration, and its state stays in Vault", async () => {
    await ground.up(refreshed);
    expect(await ground.cluster.hasNamespace(NAMESPACE)).toBe(false);
    expect(await ground.vault.read(ROLE)).toBeUndefined();
    expect(await ground.vault.read(POLICY)).toBeUndefined();
    expect((await state()).phase).toBe("idle");
  });
});
