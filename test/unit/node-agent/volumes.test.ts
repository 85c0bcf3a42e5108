import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SERVICE_ACCOUNT_DIR } from "../../../sandbox/node-agent/plan/process-plan.ts";
import { MountError, objectFiles, volumeSources } from "../../../sandbox/node-agent/plan/volume-files.ts";
import { readTail, rotateLog } from "../../../sandbox/node-agent/run/log-file.ts";
import {
  relativeServiceAccountDir,
  replaceInFile,
} from "../../../sandbox/node-agent/run/service-account-binary.ts";
import { volumeFingerprint, writeVolume } from "../../../sandbox/node-agent/run/volume-dir.ts";

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "node-agent-"));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const file = (path: string, content: string, mode = 0o600) => ({ path, content: Buffer.from(content), mode });

describe("volume sources", () => {
  test("modes lose what is not the owner's", () => {
    const [scripts] = volumeSources({ name: "v", configMap: { name: "m", defaultMode: 0o755 } }) ?? [];
    expect(scripts).toMatchObject({ kind: "configMap", name: "m", optional: false, mode: 0o700 });
    const [secret] = volumeSources({ name: "v", secret: { secretName: "s" } }) ?? [];
    expect(secret).toMatchObject({ kind: "secret", mode: 0o600 });
  });

  test("a projected volume lists its sources in order; a token has Kubernetes' default life", () => {
    const sources = [{ serviceAccountToken: { path: "t" } }, { configMap: { name: "m", optional: true } }];
    expect(volumeSources({ name: "v", projected: { sources } })).toEqual([
      { kind: "token", path: "t", expirationSeconds: 3600, mode: 0o600 },
      { kind: "configMap", name: "m", optional: true, mode: 0o600 },
    ]);
    expect(volumeSources({ name: "v", emptyDir: {} })).toBeUndefined();
  });

  test("a volume of another type is refused by its name and type", () => {
    expect(() => volumeSources({ name: "v", hostPath: { path: "/" } })).toThrow(MountError);
    expect(() => volumeSources({ name: "v", hostPath: { path: "/" } })).toThrow('volume "v": type hostPath');
  });

  test("items choose and rename keys; a missing key or object is an error unless it is optional", () => {
    const source = { kind: "secret", name: "s", optional: false, mode: 0o600 } as const;
    const secret = { data: { a: Buffer.from("x").toString("base64"), b: "" } };
    const items = [{ key: "a", path: "d/renamed", mode: 0o440 }];
    expect(objectFiles({ ...source, items }, secret)).toEqual([file("d/renamed", "x", 0o400)]);
    const wrong = { ...source, items: [{ key: "c", path: "c" }] };
    expect(() => objectFiles(wrong, secret)).toThrow('secret "s" has no key "c"');
    expect(() => objectFiles(source, undefined)).toThrow('secret "s" not found');
    expect(objectFiles({ ...wrong, optional: true }, secret)).toEqual([]);
    expect(objectFiles({ ...source, optional: true }, undefined)).toEqual([]);
  });
});

describe("volume directories", () => {
  test("files change all at once, and those that are gone go", () => {
    const volume = join(dir, "volume");
    writeVolume(volume, [file("a", "1"), file("deep/b", "2"), file("gone", "3")]);
    writeVolume(volume, [file("a", "one"), file("deep/b", "two", 0o400)]);
    expect(readFileSync(join(volume, "a"), "utf8")).toBe("one");
    expect(readFileSync(join(volume, "deep/b"), "utf8")).toBe("two");
    expect(readdirSync(volume).filter((name) => !name.startsWith(".."))).toEqual(["a", "deep"]);
    expect(readdirSync(volume).filter((name) => name.startsWith("..version"))).toHaveLength(1);
    expect(lstatSync(join(volume, "..data")).isSymbolicLink()).toBe(true);
    expect(statSync(join(volume, "deep/b")).mode & 0o777).toBe(0o400);
    expect(statSync(volume).mode & 0o777).toBe(0o700);
  });

  test("a fingerprint tells paths, contents and modes apart", () => {
    const prints = [[file("a", "bc")], [file("ab", "c")], [file("a", "bc", 0o400)], [file("a", "bd")], []];
    expect(new Set(prints.map(volumeFingerprint)).size).toBe(prints.length);
  });
});

test("a log that has grown too large is moved aside; its tail begins where the run began", () => {
  const log = join(dir, "log");
  writeFileSync(log, "before\nafter\n");
  expect(readTail(log, 7)).toBe("after\n");
  rotateLog(log, 100);
  expect(statSync(log).size).toBe(13);
  rotateLog(log, 12);
  expect(statSync(log).size).toBe(0);
  expect(readFileSync(`${log}.1`, "utf8")).toBe("before\nafter\n");
  expect(readTail(log, 7)).toBe("");
});

test("the service-account path in a binary is replaced wherever it stands, across chunks too", async () => {
  const binary = join(dir, "binary");
  const [from, to] = [SERVICE_ACCOUNT_DIR, relativeServiceAccountDir()];
  const padding = Buffer.alloc(1024 * 1024 - 70);
  const content = (path: string) =>
    Buffer.concat([Buffer.from(`${path}/token`), padding, Buffer.from(`${path}/ca.crt`)]);
  writeFileSync(binary, content(from));
  await replaceInFile(binary, from, to);
  expect(readFileSync(binary).equals(content(to))).toBe(true);
  await expect(replaceInFile(binary, "abc", "ab")).rejects.toThrow("not as long");
});
