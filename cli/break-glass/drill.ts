import { accessMatrix } from "../../access/matrix.ts";
import { drillPlace } from "../../access/operators/denial.ts";
import type { Settings } from "../../config/schema.ts";
import { stackSettings } from "../stack.ts";
import { lookAround } from "./look.ts";
import { type SceneOptions, withScene } from "./open-scene.ts";
import { dataPath } from "./places.ts";
import { type HeldSecret, type Plan, secretsHolding } from "./plan.ts";
import { outcomeText } from "./result-text.ts";
import { carryOut, exitOf } from "./revoke.ts";
import { requireRights, revokingRights } from "./rights.ts";
import { kvTarget, readersIn, targetsOf } from "./target.ts";

export interface DrillOptions extends SceneOptions {
  readonly json?: true;
}

/**
 * Rehearses a revocation under the same rights, of a throwaway path that nobody reads, as if everybody did: the denial holds
 * for every login of the stack, their tokens are found and not ended, keys listed and not revoked, Secrets deleted by dry run.
 * @returns the exit code: 0 all of it worked, 2 some did not, 1 nothing did
 */
export async function drill(options: DrillOptions): Promise<number> {
  return withScene(options, await stackSettings(options.stack), async (scene) => {
    const plan = drillPlan(scene.settings);
    const own = plan.target.kv === undefined ? "" : dataPath(plan.target.kv);
    const rights = [
      ...revokingRights(scene, plan),
      { path: own, capabilities: ["create", "update"] as const },
    ];
    const [look] = await Promise.all([lookAround(scene, plan), requireRights(scene, rights, "break-glass")]);
    const outcome = await carryOut(scene, plan, look, { drill: true });
    console.log(options.json ? JSON.stringify(outcome, null, 2) : outcomeText(outcome, scene.stack));
    return exitOf(outcome);
  });
}

/** Everything of the declaration at once, around a path that nobody reads. */
export function drillPlan(settings: Settings): Plan {
  const target = kvTarget(drillPlace(settings));
  const all = targetsOf(settings).map(({ apiPath }) => apiPath);
  return {
    target,
    readers: readersIn(accessMatrix(settings), all),
    denied: [target.apiPath],
    destroyed: target.kv === undefined ? [] : [target.kv],
    secrets: distinct(all.flatMap((path) => secretsHolding(settings, path))),
    rotations: settings.rotation?.keys ?? [],
    provider: settings.rotation !== undefined,
    generated: false,
  };
}

function distinct(secrets: readonly HeldSecret[]): readonly HeldSecret[] {
  return [...new Map(secrets.map((one) => [`${one.namespace}/${one.secret}`, one])).values()];
}
