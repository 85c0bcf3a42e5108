import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { bundleJob } from "../../../jobs/bundle.ts";

const repository = join(import.meta.dirname, "../../..");

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "bundle-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

test("fits in a ConfigMap", () => {
  expect(Buffer.byteLength(bundleJob("rotator"))).toBeLessThan(900 * 1024);
});

test("has the same bytes from another checkout, started elsewhere", () => {
  const copy = join(temporaryFolder(), "deep", "checkout");
  for (const folder of ["jobs", "access", "components", "config", "clients"])
    cpSync(join(repository, folder), join(copy, folder), { recursive: true });
  cpSync(join(repository, "package.json"), join(copy, "package.json"));
  symlinkSync(join(repository, "node_modules"), join(copy, "node_modules"));
  const program = `import { bundleJob } from ${JSON.stringify(join(copy, "jobs/bundle.ts"))};
    process.stdout.write(bundleJob("rotator"));`;
  const elsewhere = execFileSync(process.execPath, ["--input-type=module", "-e", program], {
    cwd: tmpdir(),
    encoding: "utf8",
    maxBuffer: 2 ** 24,
  });
  expect(elsewhere).toBe(bundleJob("rotator"));
});

test("runs by itself, and says how it is to be called", () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "rotator.mjs"), bundleJob("rotator"));
  const run = () =>
    execFileSync(process.execPath, [join(folder, "rotator.mjs")], { encoding: "utf8", stdio: "pipe" });
  expect(run).toThrow(/usage: node rotator\.mjs rotate\|finish <spec\.json>/);
});
