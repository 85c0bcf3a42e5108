import { randomUUID } from "node:crypto";
import { dataPath } from "../places.ts";
import type { Plan } from "../plan.ts";
import type { Result } from "../runner.ts";
import type { Scene } from "../scene.ts";
import { newestVersion } from "./destroy.ts";

/** Writes something that nobody needs where nobody reads it: what a drill denies and destroys. */
export async function storeThrowaway({ vault }: Scene, { target: { kv } }: Plan): Promise<Result> {
  if (kv === undefined) throw new Error("a drill needs a KV path");
  const cas = await newestVersion(vault, kv);
  const { data } = await vault.write(dataPath(kv), { options: { cas }, data: { throwaway: randomUUID() } });
  return { text: `version ${String(data?.version)} of ${kv.path}` };
}
