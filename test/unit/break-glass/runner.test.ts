import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RunJournal } from "../../../cli/break-glass/journal.ts";
import { planOf } from "../../../cli/break-glass/plan.ts";
import {
  type Ended,
  exitCodeFor,
  type Journal,
  PARTLY,
  runSteps,
  type Step,
  StopError,
} from "../../../cli/break-glass/runner.ts";
import type { Scene } from "../../../cli/break-glass/scene.ts";
import { stepsOf } from "../../../cli/break-glass/steps.ts";
import { findTarget } from "../../../cli/break-glass/target.ts";
import { incident, settings } from "./declarations.ts";

const silent: Journal = { begun: async () => {}, ended: async () => {} };

type Fate = "done" | "partly" | "failed";

/** The real steps of a revocation with everything, each of which only ends as told, and writes down that it ran. */
function steps(fates: Readonly<Record<string, Fate>>, ran: string[]): readonly Step[] {
  const plan = planOf(settings, findTarget(settings, "llm/openai", "dev"), { provider: true, freeze: "llm" });
  const journal = { incident: incident({}) } as RunJournal;
  return stepsOf({ settings } as Scene, journal, plan).map((step) => ({
    ...step,
    run: async () => {
      ran.push(step.id);
      const fate = fates[step.id] ?? "done";
      if (fate === "failed") throw new Error(`${step.id} failed`);
      return { text: step.id, left: fate === "partly" ? ["something"] : [] };
    },
  }));
}

const ALL = ["deny", "newcomers", "freeze", "tokens", "provider:openai-llm", "destroy", "secrets", "check"];
const NEEDING = ["newcomers", "tokens", "destroy", "secrets", "check"];
const anyFates = fc.record(
  Object.fromEntries(ALL.map((id) => [id, fc.constantFrom<Fate[]>("done", "partly", "failed")])),
) as fc.Arbitrary<Readonly<Record<string, Fate>>>;

describe("the steps of a revocation", () => {
  it("run in the order that leaves no window", async () => {
    const ran: string[] = [];
    await runSteps(steps({}, ran), silent);
    expect(ran).toEqual(ALL);
  });

  it("destroy and delete nothing before the denial stands, whatever else fails", async () => {
    await fc.assert(
      fc.asyncProperty(anyFates, async (fates) => {
        const ran: string[] = [];
        await runSteps(steps(fates, ran), silent);
        for (const id of NEEDING) expect(ran.includes(id)).toBe(fates.deny !== "failed");
        expect(ran.indexOf("deny")).toBe(0);
      }),
    );
  });

  it("go on where they do not depend on what failed: the provider is asked, and logins are turned off", async () => {
    await fc.assert(
      fc.asyncProperty(anyFates, async (fates) => {
        const ran: string[] = [];
        const ended = await runSteps(steps(fates, ran), silent);
        expect(ran).toEqual(expect.arrayContaining(["freeze", "provider:openai-llm"]));
        expect(ended.map(({ id }) => id)).toEqual(ALL);
      }),
    );
  });

  it("say plainly what is not done, each with why, and end with 2, or with 1 if nothing was done", async () => {
    const ended = await runSteps(steps({ deny: "failed", "provider:openai-llm": "partly" }, []), silent);
    expect(ended.flatMap(({ left = [] }) => left)).toEqual([
      "deny the readers: deny failed",
      "deny first logins too: not begun: it waits for deny",
      "end their tokens: not begun: it waits for deny",
      "something",
      "destroy the versions: not begun: it waits for deny",
      "delete the Secrets: not begun: it waits for deny",
      "look again: not begun: it waits for deny",
    ]);
    expect(exitCodeFor(ended)).toBe(PARTLY);
    const none = await runSteps(steps(Object.fromEntries(ALL.map((id) => [id, "failed"])), []), silent);
    expect(exitCodeFor(none)).toBe(1);
    expect(exitCodeFor(await runSteps(steps({}, []), silent))).toBe(0);
  });

  it("are recorded before and after each; nothing more happens once another run took over", async () => {
    const told: string[] = [];
    const ran: string[] = [];
    const journal: Journal = {
      begun: async ({ id }) => {
        told.push(`begun ${id}`);
      },
      ended: async ({ id }: Ended) => {
        told.push(`ended ${id}`);
        if (id === "newcomers") throw new StopError("another run");
      },
    };
    await expect(runSteps(steps({}, ran), journal)).rejects.toThrow(StopError);
    expect(told).toEqual(["begun deny", "ended deny", "begun newcomers", "ended newcomers"]);
    expect(ran).toEqual(["deny", "newcomers"]);
  });
});
