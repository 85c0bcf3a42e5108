import { join } from "node:path";
import { expect } from "vitest";
import { deploy, type Edit, type Ground } from "./ground.ts";

/**
 * Changes both of two audit devices in one update, and asks Vault all the while how many there are: a request that is
 * answered while there is none would stand in no log.
 */
export async function expectNeverWithoutAuditDevice(ground: Ground): Promise<void> {
  const devices = (generation: number): Edit => ({
    vault: {
      auditDevices: {
        stdout: undefined,
        file: undefined,
        one: { filePath: file(`one-${generation}`) },
        two: { filePath: file(`two-${generation}`) },
      },
    },
  });
  const file = (name: string) => join(ground.sandbox.paths.root, "logs", `${name}.audit.log`);
  await deploy(ground, devices(1));
  const all = Object.keys((await ground.vault.read("sys/audit")) ?? {}).length;
  const counts = countDevices(ground);
  const { done } = await deploy(ground, devices(2));
  const seen = await counts.end();
  expect(done.filter(({ type }) => type === "vault:index/audit:Audit").map(({ name }) => name)).toEqual([
    "one",
    "two",
  ]);
  // Each was gone for a moment, and never two at once.
  expect([...seen].sort()).toEqual([all - 1, all]);
  expect(all).toBeGreaterThanOrEqual(2);
  await deploy(ground);
  // The sandbox's own engine leaves an audit device that is declared no more, and drift's tests would find it.
  for (const name of ["one", "two"]) await ground.vault.delete(`sys/audit/${name}`);
}

/** The different numbers of devices that Vault has had from now on until `end`. */
function countDevices({ vault }: Ground): { end(): Promise<ReadonlySet<number>> } {
  const seen = new Set<number>();
  const ended = new AbortController();
  const polling = (async () => {
    while (!ended.signal.aborted) seen.add(Object.keys((await vault.read("sys/audit")) ?? {}).length);
  })();
  return {
    async end() {
      ended.abort();
      await polling;
      return seen;
    },
  };
}
