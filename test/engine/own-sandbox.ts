import { join } from "node:path";
import { pulumiEngine } from "../../sandbox/engine/pulumi/engine.ts";
import { missingFromPath } from "../../sandbox/engine/pulumi/find.ts";
import { lanes } from "../sandbox/lanes.ts";
import { projectFolder } from "../sandbox/main-job/ground.ts";

/** A sandbox of the engine's tests, after the main job's, which is down by then; the files of this folder run one by one. */
export const root = join(projectFolder, ".sandbox-engine");
export const portBase = lanes[0].portBase + 200;

export const engine = pulumiEngine("the tests' own", projectFolder);

/** Programs that Pulumi's engine takes and this machine's PATH has not. */
export const missing = await missingFromPath(process.env.PATH ?? "");

/** What is tested and, where it is skipped, why. */
export function titled(what: string): string {
  return missing.length === 0 ? what : `${what} (skipped: not on PATH: ${missing.join(", ")})`;
}
