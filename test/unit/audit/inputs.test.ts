import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openLogs } from "../../../cli/audit/log/input.ts";
import type { LogReport } from "../../../cli/audit/log/source.ts";
import { everything, kubernetesLine, rowsOf, vaultLine } from "./entries.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "audit-inputs-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function file(name: string, content: string | Buffer): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

const line = (index: number) => `${vaultLine({ id: `id-${index}` })}\n`;
const idsIn = async (...names: readonly string[]) => {
  const inputs = await openLogs(
    names.map((name) => ({ name })),
    Readable.from([]),
  );
  return (await rowsOf(inputs, everything)).map(({ id }) => id).sort();
};
const problem = (name: string, kind?: "vault" | "kubernetes") =>
  openLogs([kind === undefined ? { name } : { name, kind }], Readable.from([])).then(
    () => "none",
    (error: Error) => error.message,
  );

describe("a log", () => {
  it("is read plain and compressed, by its content and not its name", async () => {
    const gzip = await file("audit.log.1", gzipSync(line(1)));
    const zstd = await file("audit.log.2.txt", zstdCompressSync(line(2)));
    expect(await idsIn(await file("audit.gz", line(0)), gzip, zstd)).toEqual(["id-0", "id-1", "id-2"]);
  });

  it("that was compressed piece by piece is read to its end", async () => {
    for (const compress of [gzipSync, zstdCompressSync]) {
      const pieces = [0, 1, 2].map((index) => compress(line(index)));
      expect(await idsIn(await file("pieces", Buffer.concat(pieces)))).toEqual(["id-0", "id-1", "id-2"]);
    }
  });

  it("whose compressed data ends early is read as far as it goes, and the damage is told", async () => {
    for (const compress of [gzipSync, zstdCompressSync]) {
      const lines = Array.from({ length: 3_000 }, (_, index) => line(index)).join("");
      const whole = compress(Buffer.from(lines));
      const name = await file("cut", whole.subarray(0, whole.length - 8));
      const reports: LogReport[] = [];
      const inputs = await openLogs([{ name }], Readable.from([]));
      expect((await rowsOf(inputs, everything, {}, reports)).length).toBeGreaterThan(0);
      expect(reports[0]?.damage).toMatch(/unexpected end of file/);
    }
  });

  it("from standard input is read once, head and all", async () => {
    const many = Array.from({ length: 4_000 }, (_, index) => line(index)).join("");
    const stdin = Readable.from([Buffer.from(many.slice(0, 1_000)), Buffer.from(many.slice(1_000))]);
    const inputs = await openLogs([{ name: "-" }], stdin);
    expect(await rowsOf(inputs, everything)).toHaveLength(4_000);
  });

  it("of a Vault server whose node has no audit entry yet is fine", async () => {
    const name = await file(
      "standby.log",
      "==> Vault server configuration:\n\n2026-11-24T03:25:36.361Z [INFO]  core: x\n",
    );
    expect(await idsIn(name)).toEqual([]);
  });

  it("whose first line is cut off is fine", async () => {
    expect(await idsIn(await file("cut-start", `quest"}\n${line(1)}`))).toEqual(["id-1"]);
  });
});

describe("what is no log", () => {
  it("is named with what it is, all together, before anything is read", async () => {
    await mkdir(join(folder, "directory"));
    const names = [
      join(folder, "absent"),
      join(folder, "directory"),
      await file("empty", ""),
      await file("binary", Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 1, 2])),
      await file("latin1", Buffer.from([0x66, 0xfc, 0x72, 0x0a, 0x66])),
      await file("prose", "not a log\nat all\n"),
      await file("json", '{"a":1}\n'),
      await file("not-gzip", Buffer.from([0x1f, 0x8b, 0xff, 0xff])),
      await file("good", line(1)),
    ];
    const text = await openLogs(
      names.map((name) => ({ name })),
      Readable.from([]),
    ).catch((error: Error) => error.message);
    expect(text).toMatch(/^8 log\(s\) cannot be used, nothing was read\n/);
    for (const [name, why] of [
      ["absent", "does not exist"],
      ["directory", "is a directory; name the files in it"],
      ["empty", "is empty"],
      ["binary", "is binary"],
      ["latin1", "is binary"],
      ["prose", "is not an audit log"],
      ["json", "is not an audit log"],
      ["not-gzip", "is damaged"],
    ]) {
      expect(text).toContain(`${join(folder, name ?? "")}: ${why}`);
    }
  });

  it("is said of a log that was given as the other kind", async () => {
    const kubernetes = await file("kubernetes", `${kubernetesLine({})}\n`);
    expect(await problem(kubernetes, "vault")).toContain(
      "is a Kubernetes audit log: give it with --kubernetes-log",
    );
    expect(await problem(await file("vault", line(1)), "kubernetes")).toContain("give it with --vault-log");
    expect(await problem(kubernetes, "kubernetes")).toBe("none");
  });

  it.skipIf(process.getuid?.() === 0)("may be one that this user cannot read", async () => {
    const name = await file("secret", line(1));
    await chmod(name, 0);
    expect(await problem(name)).toContain("may not be read");
  });

  it("is a terminal, nothing, or compressed data on standard input", async () => {
    const of = (stdin: NodeJS.ReadableStream & { isTTY?: boolean }) =>
      openLogs([{ name: "-" }], stdin).catch((error: Error) => error.message);
    expect(await of(Object.assign(Readable.from([]), { isTTY: true }))).toContain("is a terminal");
    expect(await of(Readable.from([]))).toContain("standard input: is empty: name files with --vault-log");
    expect(await of(Readable.from([gzipSync(line(1))]))).toContain("gzip -dc");
  });
});
