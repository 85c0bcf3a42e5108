import { afterAll, beforeAll } from "vitest";
import type { ProviderState } from "../../../sandbox/providers/api.ts";
import type { Fault } from "../../../sandbox/providers/faults.ts";
import { startProvider } from "../../../sandbox/providers/server.ts";
import { useSandbox } from "../harness.ts";
import { type Command, RotationCase, type ToldEvent } from "./case.ts";
import { type RotationGround, rotationGround } from "./ground.ts";
import { endOf, prepareFinish } from "./matrix.ts";
import type { Ended } from "./process.ts";
import type { Watcher } from "./proxy.ts";
import type { CaseOptions } from "./spec.ts";

/** Something that is wrong while one run is at work, and no longer when the next one is. */
export interface Trouble {
  /** @default "rotate" */
  readonly command?: Command;
  readonly faults?: readonly Fault[];
  /** What else is wrong at the provider. */
  readonly provider?: Partial<Pick<ProviderState, "refuseNewKeys" | "newKeyDelayMs" | "rateLimit">>;
  readonly options?: CaseOptions;
  /** What else is wrong, and how to mend it. */
  readonly begin?: (rotation: RotationCase) => Promise<() => Promise<unknown>>;
  /** What happens at one of the run's requests, by its label. */
  readonly during?: {
    readonly label: string;
    readonly act: (rotation: RotationCase) => Promise<unknown>;
    readonly mend?: (rotation: RotationCase) => Promise<unknown>;
  };
  /** What is waited for before the next run. */
  readonly afterwards?: (rotation: RotationCase) => Promise<unknown>;
}

export interface Troubled {
  /** The run that it befell. */
  readonly ended: Ended;
  readonly requests: readonly string[];
  /** The key that consumers read, and its version, before that run and after it. */
  readonly before: Standing;
  readonly after: Standing;
  /** Keys that live at the provider after it. */
  readonly keysLeft: readonly string[];
  readonly orphansLeft: readonly string[];
  readonly events: readonly ToldEvent[];
  /** What the state slot's metadata tells people of it. */
  readonly report: string;
  /** The next run, with all in order. */
  readonly next: Ended;
  readonly orphansAfter: readonly string[];
  /** Reads of the key that gave none that is good, all the time through. */
  readonly failures: readonly string[];
  /** What is not as it should be when the rotation has come to its very end. */
  readonly wrong: readonly string[];
}

export interface Standing {
  readonly value?: string | undefined;
  readonly version?: number | undefined;
}

/** One ground for all tests of a file, where trouble befalls one rotation after the other, each named by the prefix and its number. */
export function troubles(prefix: string) {
  let ground: RotationGround | undefined;
  let cases = 0;
  beforeAll(async () => {
    ground = await rotationGround(await useSandbox());
  });
  afterAll(() => ground?.close());
  return async (one: Trouble): Promise<Troubled> => {
    if (ground === undefined) throw new Error("the ground is there within tests alone");
    cases += 1;
    return befall(ground, `${prefix}-${cases}`, one);
  };
}

/** Rotates at a provider of its own, where what goes wrong is nobody else's. */
async function befall(ground: RotationGround, name: string, trouble: Trouble): Promise<Troubled> {
  const { command = "rotate", faults = [], begin, during, afterwards } = trouble;
  const provider = await startProvider(ground.adminKey);
  const { state } = provider;
  const rotation = await RotationCase.open({ ...ground, provider }, name, trouble.options);
  const consumer = rotation.consume(async (key) =>
    state.keys.accepts(key) ? undefined : "a key that is not accepted",
  );
  try {
    if (command === "finish") await prepareFinish(rotation);
    const before = standing(await rotation.live());
    for (const fault of faults) state.faults.add(fault);
    Object.assign(state, trouble.provider);
    const mend = await begin?.(rotation);
    rotation.proxies.watch(watcher(rotation, during));
    const ended = await rotation.run(command).ended;
    const requests = rotation.proxies.passed.map(({ kind }) => kind);
    const after = standing(await rotation.live());
    const keysLeft = rotation.accounts().map((one) => one.name);
    await afterwards?.(rotation);
    const orphansLeft = await rotation.orphans();
    const events = await rotation.events();
    const report = await rotation.report();
    state.faults.clear();
    Object.assign(state, { refuseNewKeys: false, newKeyDelayMs: 0, rateLimit: undefined });
    await mend?.();
    await during?.mend?.(rotation);
    const next = await rotation.end(command);
    const orphansAfter = await rotation.orphans();
    const wrong = await endOf(rotation);
    await consumer.stop();
    const { failures } = consumer;
    return {
      ...{ ended, requests, before, after, keysLeft, orphansLeft, events, report },
      ...{ next, orphansAfter, failures, wrong },
    };
  } finally {
    await consumer.stop();
    await rotation.close();
    await provider.close();
  }
}

function watcher(rotation: RotationCase, during: Trouble["during"]): Watcher {
  if (during === undefined) return {};
  return {
    before: async ({ label }) => {
      if (label === during.label) await during.act(rotation);
    },
  };
}

function standing(live: Awaited<ReturnType<RotationCase["live"]>>): Standing {
  return { value: live?.value, version: live?.version };
}

/** What nobody may print: keys, tokens of Vault, tokens of Kubernetes. */
const VALUE = /sk-[a-z]+-|hvs\.|eyJ[A-Za-z0-9]/;

/** Every text of a run that has a value in it. */
export function leaks({ ended, next, events, report }: Troubled): readonly string[] {
  const texts = [ended.output, next.output, report, ...events.map(({ note }) => note)];
  return texts.filter((text) => VALUE.test(text));
}

/** Rows for `test.each`, whose titles begin with the name. */
export function named<T extends { readonly name: string }>(rows: readonly T[]): [string, T][] {
  return rows.map((row) => [row.name, row]);
}
