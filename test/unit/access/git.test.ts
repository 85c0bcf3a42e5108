import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { settingsAt } from "../../../cli/access/git.ts";
import { changed, type Raw } from "../config/declarations.ts";

const main = fileURLToPath(new URL("../../../cli/access/main.ts", import.meta.url));

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "access-git-"));
  git("init", "--quiet", "--initial-branch=main");
  commit("good", stackFile(changed(["vault", "auth", "tokenTtl"], "10m")));
  commit("invalid", stackFile(changed(["vault", "auth", "rolePrefix"], "NOT A LABEL")));
  commit("torn", "config: {");
  commit("other-form", stackFile(changed(["vault", "policies"], {})));
  rmSync(join(folder, "Pulumi.dev.yaml"));
  commit("without");
  writeFileSync(join(folder, "Pulumi.dev.yaml"), stackFile(changed(["vault", "auth", "tokenTtl"], "20m")));
});
afterAll(() => rmSync(folder, { recursive: true }));

function stackFile(raw: Raw): string {
  const config = Object.entries(raw).map(([key, value]) => [`vault-management:${key}`, value]);
  return stringify({ config: Object.fromEntries(config) });
}

function git(...args: readonly string[]): void {
  const identity = ["-c", "user.name=test", "-c", "user.email=test@localhost", "-c", "commit.gpgsign=false"];
  execFileSync("git", [...identity, ...args], { cwd: folder });
}

/** Commits the stack's file, and tags the commit. */
function commit(tag: string, text?: string): void {
  if (text !== undefined) writeFileSync(join(folder, "Pulumi.dev.yaml"), text);
  git("add", "--all");
  git("commit", "--quiet", "--allow-empty", "--message", tag);
  git("tag", tag);
}

function access(...args: readonly string[]) {
  try {
    const stdout = execFileSync(process.execPath, [main, ...args], { cwd: folder, stdio: "pipe" });
    return { code: 0, stdout: String(stdout), stderr: "" };
  } catch (error) {
    const { status, stdout, stderr } = error as { status: number; stdout: Buffer; stderr: Buffer };
    return { code: status, stdout: String(stdout), stderr: String(stderr) };
  }
}

/** A process each: a busy machine takes seconds to start one. */
const slow = { timeout: 60_000 };

describe("--diff", slow, () => {
  it("compares the working tree with a ref, and ends with 0", () => {
    const answer = access("--diff", "good");
    expect(answer).toMatchObject({ code: 0, stderr: "" });
    expect(answer.stdout).toContain("+ vault.auth.tokenTtl is 20m instead of 10m");
  });

  it("gives JSON for other programs", () => {
    expect(JSON.parse(access("--diff", "good", "--json").stdout)).toEqual({
      stack: "dev",
      ref: "good",
      changes: [
        { risk: "wider", about: "vault.auth.tokenTtl", text: "vault.auth.tokenTtl is 20m instead of 10m" },
      ],
    });
  });

  it.each([
    ["a ref that does not exist", "nowhere", /git knows no commit nowhere here/],
    ["a ref that git would take for an option", "--output=x", /not "--output=x"/],
    ["an empty ref", "", /--diff takes a commit/],
    ["a tree in the place of a commit", "good^{tree}", /git says: .*expected commit type/],
    ["a ref without the file", "without", /Pulumi\.dev\.yaml is not in without.*all that it declares is new/],
    ["a file that is no YAML", "torn", /Pulumi\.dev\.yaml at torn: [\s\S]*mend the YAML/],
    [
      "a file with mistakes",
      "invalid",
      /Pulumi\.dev\.yaml at invalid: [\s\S]*rolePrefix[\s\S]*read by today's rules/,
    ],
    ["a file of another form", "other-form", /at other-form: [\s\S]*unknown key\(s\) policies/],
  ])("refuses %s", async (_name, ref, message) => {
    await expect(settingsAt(folder, ref, "Pulumi.dev.yaml")).rejects.toThrow(message);
  });

  it("outside of a repository says what git says", async () => {
    const elsewhere = mkdtempSync(join(tmpdir(), "access-none-"));
    await expect(settingsAt(elsewhere, "HEAD", "Pulumi.dev.yaml")).rejects.toThrow(
      /git says: .*not a git repository/,
    );
    rmSync(elsewhere, { recursive: true });
  });
});

describe("the command", slow, () => {
  it.each([
    ["a stack without a file", ["-s", "none"], /no Pulumi\.none\.yaml here.*dev/],
    [
      "a path that nobody declares",
      ["--path", "no/such"],
      /No path no\/such is declared[\s\S]*kv\/llm\/openai/,
    ],
    ["a ref that git would take for an option", ["--diff=-x"], /not "-x"/],
    ["two forms at once", ["--json", "--markdown"], /cannot be used with/],
    ["--live with --diff", ["--live", "--diff", "good"], /cannot be used with/],
    ["an argument", ["kv/llm/openai"], /too many arguments/],
  ])("refuses %s, and prints nothing", (_name, args, message) => {
    expect(access(...args)).toEqual({ code: 1, stdout: "", stderr: expect.stringMatching(message) });
  });

  it("shows the matrix without asking anybody", () => {
    expect(access()).toMatchObject({ code: 0, stdout: expect.stringContaining("kv/llm/openai"), stderr: "" });
    expect(JSON.parse(access("--json").stdout)).toMatchObject({ stack: "dev", environment: "dev" });
  });
});
