import { RotationError } from "../errors.ts";
import { liveOf, readLive } from "../live.ts";
import { providerError, type Verdict } from "../providers/provider.ts";
import { retrying } from "../retry.ts";
import type { Rotation } from "../rotation.ts";
import { promoting, refused, swept } from "../transitions.ts";
import { sweep } from "./create.ts";

/** Asks the provider with the staged key. A key that it refuses for good is removed, and what is live stays. */
export async function testStaged(rotation: Rotation): Promise<void> {
  const { lineage, limits, narrator, log, provider } = rotation;
  const key = lineage.state.staged;
  if (key === undefined) throw new Error("no staged key in the phase staged");
  log.secrets.add(key.value);
  await narrator.tell("RotationStaged", `${key.name} is staged`);
  const verdict = await verdictOn(rotation, key.value, limits.test);
  if (verdict === "unknown") throw providerError("test the staged key", "no verdict", "see that it is up");
  if (verdict === "refused") return drop(rotation, key.name);
  if (provider.test !== undefined)
    await narrator.tell("RotationTested", `${key.name} is accepted by the provider`);
  await lineage.write(promoting(lineage.state, liveOf(await readLive(rotation))));
}

/** A new key may take a while to be known everywhere: a refusal counts when `seconds` are over. */
export async function verdictOn({ provider }: Rotation, value: string, seconds: number): Promise<Verdict> {
  const { test } = provider;
  if (test === undefined) return "accepted";
  return retrying<Verdict>(seconds, async () => {
    const { verdict, pauseMs } = await test(value);
    return verdict === "accepted" ? { done: verdict } : { pauseMs, last: () => verdict };
  });
}

async function drop(rotation: Rotation, name: string): Promise<never> {
  const { lineage, narrator, limits } = rotation;
  await narrator.tell("RotationRefused", `${name} is refused by the provider; the current key stays`);
  await lineage.write(refused(lineage.state, lineage.now));
  if (lineage.state.doomed.length > 0) {
    await sweep(rotation);
    await lineage.write(swept(lineage.state, lineage.now));
  }
  throw new RotationError("refusedKey", {
    field: `staged key ${name}`,
    found: `a refusal by the provider for ${limits.test} s`,
    allowed: "a key that the provider accepts",
    fix: "see what the project or account lets its keys do; the next run makes another",
  });
}
