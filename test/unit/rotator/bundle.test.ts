import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { bundleJob, JOBS } from "../../../jobs/bundle.ts";

const repository = join(import.meta.dirname, "../../..");

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "bundle-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

test.each(JOBS)("%s fits in a ConfigMap", (job) => {
  expect(Buffer.byteLength(bundleJob(job))).toBeLessThan(900 * 1024);
});

test.each(JOBS)("%s has the same bytes from another checkout, started elsewhere", (job) => {
  const copy = join(temporaryFolder(), "deep", "checkout");
  for (const folder of ["jobs", "access", "audit", "components", "config", "clients", "freshness"])
    cpSync(join(repository, folder), join(copy, folder), { recursive: true });
  cpSync(join(repository, "package.json"), join(copy, "package.json"));
  symlinkSync(join(repository, "node_modules"), join(copy, "node_modules"));
  const program = `import { bundleJob } from ${JSON.stringify(join(copy, "jobs/bundle.ts"))};
    process.stdout.write(bundleJob(${JSON.stringify(job)}));`;
  const elsewhere = execFileSync(process.execPath, ["--input-type=module", "-e", program], {
    cwd: tmpdir(),
    encoding: "utf8",
    maxBuffer: 2 ** 24,
  });
  expect(elsewhere === bundleJob(job)).toBe(true);
});

test.each([
  ["rotator", /usage: node rotator\.mjs rotate\|finish <spec\.json>/],
  ["exporter", /usage: node exporter\.mjs <spec\.json> --listen=/],
  ["audit-reader", /usage: node audit-reader\.mjs <audit log> --listen=/],
] as const)("%s runs by itself, and says how it is to be called", (job, usage) => {
  const file = join(temporaryFolder(), `${job}.mjs`);
  writeFileSync(file, bundleJob(job));
  expect(() => execFileSync(process.execPath, [file], { encoding: "utf8", stdio: "pipe" })).toThrow(usage);
});
