import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { prepareToolchain } from "../../../sandbox/toolchain/toolchain.ts";
import { Workshop } from "./fixture.ts";

const repository = join(import.meta.dirname, "../../..");
const program = `
  import { prepareToolchain } from ${JSON.stringify(join(repository, "sandbox/toolchain/toolchain.ts"))};
  import { fakeServer } from ${JSON.stringify(join(import.meta.dirname, "fixture.ts"))};
  const root = process.argv[2];
  await prepareToolchain({
    cacheDirectory: root + "/cache", modulesDirectory: root + "/modules", servers: [fakeServer("etcd")],
  });
`;
let shop: Workshop;

beforeEach(async () => {
  shop = await Workshop.open(["etcd"]);
});

afterEach(async () => {
  await shop.close();
});

test("a build that is killed leaves nothing under the final name, and the next run cleans up and builds", async () => {
  const script = await shop.file("program.mts", program);
  const child = spawn(process.execPath, ["--import", "tsx", script, shop.root], {
    cwd: repository,
    env: { ...shop.env, FAKE_GO_HANG: "example.test/etcd/cmd" },
    stdio: "inherit",
  });
  const goPid = await vi.waitFor(readGoPid, 4_000);
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
  process.kill(goPid, "SIGKILL");

  const left = await shop.cached();
  expect(left.filter((path) => path.endsWith("/etcd"))).toEqual([expect.stringMatching(/^\.work-\d+-/)]);

  const { origins, binaries } = await prepareToolchain(shop.options);
  expect(origins.etcd).toBe("built");
  expect(await readFile(binaries.etcd, "utf8")).toContain("built example.test/etcd/cmd");
  expect((await shop.cached()).filter((path) => path.startsWith(".work"))).toEqual([]);
});

test("the work of a process that lives is left alone", async () => {
  await shop.file(`cache/.work-${process.pid}-00000000-${hostname()}/etcd`, "half");
  await prepareToolchain(shop.options);
  expect((await shop.cached()).filter((path) => path.startsWith(".work"))).toHaveLength(2);
});

/** The pid of the fake go that hangs; fails until it has written the whole of it. */
async function readGoPid(): Promise<number> {
  const text = await readFile(join(shop.root, "go.log.pid"), "utf8");
  if (!text.endsWith("\n")) throw new Error("the fake go is not there yet");
  return Number.parseInt(text, 10);
}
