import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  appended,
  type Evidence,
  firstEdited,
  lastDigest,
  requireGenuine,
} from "../../../cli/break-glass/evidence.ts";
import { readEvidence, requireWritable, writeEvidence } from "../../../cli/break-glass/evidence-file.ts";
import { incident } from "./declarations.ts";

const stack = { environment: "dev", vaultCluster: "cluster-1" };
const empty: Evidence = {
  head: {
    ...{
      format: 1,
      environment: "dev",
      vaultCluster: "cluster-1",
      incident: "20261127-031405",
      drill: false,
    },
    ...{ path: "llm/openai", apiPath: "kv/data/llm/openai", startedAt: "2026-11-27T03:14:05.000Z" },
    continues: "0".repeat(64),
  },
  entries: [],
};
const begun = appended(empty, { at: "2026-11-27T03:14:06.000Z", step: "deny", event: "begun" });
const done = appended(begun, {
  at: "2026-11-27T03:14:07.000Z",
  step: "deny",
  event: "ended",
  standing: "done",
  text: "denied",
});
const genuine = (evidence: Evidence, digest: string, ended = true) =>
  requireGenuine(evidence, "e.json", stack, incident({ evidence: digest, ended }));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "evidence-"));
});
afterAll(() => rm(folder, { recursive: true }));

describe("an evidence file", () => {
  it("is what Vault has the digest of", () => {
    expect(() => genuine(done, lastDigest(done))).not.toThrow();
  });

  it("may be ahead of Vault where the run was cut off, and not where it ended", () => {
    expect(() => genuine(done, lastDigest(begun), false)).not.toThrow();
    expect(() => genuine(done, lastDigest(begun))).toThrow(/not the record that Vault has the digest of/);
  });

  it("is refused once an entry was edited, and says which", () => {
    const [first, second] = done.entries;
    if (first === undefined || second === undefined) throw new Error("no entries");
    const edited = { ...done, entries: [first, { ...second, text: "nothing happened" }] };
    expect(firstEdited(edited)).toBe(2);
    expect(() => genuine(edited, lastDigest(done))).toThrow(/entry 2 was edited/);
  });

  it("is refused once it was shortened, or its head was edited", () => {
    expect(() => genuine(begun, lastDigest(done))).toThrow(/refused/);
    expect(() => genuine({ ...done, head: { ...done.head, path: "llm/other" } }, lastDigest(done))).toThrow(
      /entry 1 was edited/,
    );
  });

  it("is refused where it is another stack's, another cluster's, or of an incident that Vault does not know", () => {
    const other = { ...stack, environment: "prod" };
    expect(() => requireGenuine(done, "e.json", other, incident({}))).toThrow(
      /it is of dev .* and this is prod/,
    );
    expect(() => requireGenuine(done, "e.json", { ...stack, vaultCluster: "x" }, incident({}))).toThrow(
      /cluster-1/,
    );
    expect(() => requireGenuine(done, "e.json", stack, undefined)).toThrow(/remembers no incident/);
  });

  it("is written for its owner alone, and read back as it was", async () => {
    const file = join(folder, "e.json");
    await writeEvidence(file, done);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readEvidence(file)).toEqual(done);
    expect(await readEvidence(join(folder, "none.json"))).toBeUndefined();
  });

  it("that is refused may be moved away, and another begun: no id gets past the file in this folder", () => {
    expect(() => genuine(begun, lastDigest(done))).toThrow(
      /move this one away and keep it.*go on in a new file/,
    );
  });

  it("is to be kept in a folder that takes files, which is found out before there is anything to keep", async () => {
    await expect(requireWritable(folder)).resolves.toBeUndefined();
    expect(await readdir(folder)).not.toContainEqual(expect.stringContaining(".tmp"));
    const file = join(folder, "no-folder");
    await writeFile(file, "");
    await expect(requireWritable(file)).rejects.toThrow(
      /evidence file: found .*no-folder.*ENOTDIR.*Nothing was done/,
    );
  });

  it("is not anything else", async () => {
    const file = join(folder, "other.json");
    await writeFile(file, '{"head":{}}');
    await expect(readEvidence(file)).rejects.toThrow(/is no evidence file of break-glass \(head/);
  });
});
