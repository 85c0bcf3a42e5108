import { expect, it, vi } from "vitest";
import type { BreakGlassCluster } from "../../../cli/break-glass/cluster.ts";
import { lookAround } from "../../../cli/break-glass/look.ts";
import { planOf } from "../../../cli/break-glass/plan.ts";
import type { Scene } from "../../../cli/break-glass/scene.ts";
import { findTarget } from "../../../cli/break-glass/target.ts";
import { settings } from "./declarations.ts";

it("a cluster that answers no more holds up the denial for three seconds, however many Secrets there are", async () => {
  const plan = planOf(settings, findTarget(settings, "llm/openai", "test"), {});
  const [held] = plan.secrets;
  if (held === undefined) throw new Error("no Secret holds it");
  const asked = vi.fn(() => new Promise<never>(() => {}));
  const cluster = { workloads: asked, mayDelete: asked } as unknown as BreakGlassCluster;
  const scene = { cluster, settings, vault: {} } as unknown as Scene;
  const look = await lookAround(scene, { ...plan, secrets: Array.from({ length: 40 }, () => held) });
  expect(look.secrets).toHaveLength(40);
  for (const { workloads } of look.secrets) expect(workloads).toBe("the cluster took longer than 3 s");
  expect(look.missingRights).toEqual([]);
  expect(asked.mock.calls.length).toBeLessThanOrEqual(16);
});
