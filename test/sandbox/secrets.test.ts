import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readState } from "../../cli/secrets/kv.ts";
import { putValues } from "../../cli/secrets/values.ts";
import { VaultClient } from "../../clients/vault.ts";
import { useSandbox } from "./harness.ts";
import { makeMounts, mount, type SecretsCli, second, secretsCli } from "./secrets-cli.ts";

const canary = "canary-7c1e";

let cli: SecretsCli;
beforeAll(async () => {
  cli = await secretsCli();
});
afterAll(() => cli?.remove());

const valueAt = async (path: string, inMount = mount) =>
  (await cli.root.read(`${inMount}/data/${path}`))?.data;
const versionOf = async (path: string) => (await readState(cli.root, mount, path)).currentVersion;
const missing = async (environment = {}) => {
  const { code, stdout } = await cli.run(["missing", "--json"], "", environment);
  const report = JSON.parse(stdout) as {
    missing: { mount: string; path: string; property?: string; reason: string }[];
    unseen: unknown[];
  };
  const of = (path: string) =>
    report.missing
      .filter((one) => one.mount === mount && one.path === path)
      .map(({ property, reason }) => `${property ?? "*"}: ${reason}`);
  return { code, of, ...report };
};

describe("before the first up", () => {
  it("everything is missing, and put says what makes the mount", async () => {
    const { code, missing: values } = await missing();
    expect(code).toBe(2);
    expect(values).toHaveLength(6);
    expect(new Set(values.map(({ reason }) => reason))).toEqual(new Set(["no mount"]));
    const put = await cli.run(["put", "team/all"], `{"a":"${canary}"}`);
    expect(put).toMatchObject({
      code: 1,
      stdout: "",
      stderr: expect.stringMatching(/no mount secrets-test yet.*pulumi up/),
    });
    expect((await cli.run(["list"])).stdout).toContain("no mount");
  });
});

describe("with the mounts", () => {
  beforeAll(() => makeMounts(cli.root));

  it("a value is put, seen, merged into, and listed", async () => {
    expect((await missing()).of("team/db")).toEqual(["password: no secret", "user: no secret"]);

    const raw = ["put", "team/db", "--mount", mount, "--property", "user"];
    const first = await cli.run(raw, `${canary} user\n`);
    expect(first.code).toBe(0);
    expect(first.stdout).toContain(`${mount}/team/db is at version 1`);
    expect(first.stdout).toContain("kubectl -n app annotate externalsecret db force-sync=");
    expect((await missing()).of("team/db")).toEqual(["password: no such property"]);

    const map = JSON.stringify({ password: `${canary}\nline\n` });
    expect((await cli.run(["put", "team/db", "--mount", mount], map)).stdout).toContain("at version 2");
    expect(await valueAt("team/db")).toEqual({ user: `${canary} user`, password: `${canary}\nline\n` });
    expect((await missing()).of("team/db")).toEqual([]);

    const rows = JSON.parse((await cli.run(["list", "--json"])).stdout) as { mount: string; path: string }[];
    expect(rows.find((row) => row.mount === mount && row.path === "team/db")).toMatchObject({
      version: 2,
      state: "present",
      createdTime: expect.stringMatching(/^\d{4}-/),
    });
  });

  it("the two mounts' secrets of one path are apart", async () => {
    expect((await cli.run(["put", "team/db"], "{}")).stderr).toContain(
      "several mounts: secrets-test, secrets-test-second",
    );
    await cli.run(["put", "team/db", "-m", second, "-p", "password"], `${canary} second`);
    expect(await valueAt("team/db", second)).toEqual({ password: `${canary} second` });
    expect(await valueAt("team/db")).not.toHaveProperty("password", `${canary} second`);
  });

  it("a secret that is declared as a whole takes any properties", async () => {
    expect((await missing()).of("team/all")).toEqual(["*: no secret"]);
    expect((await cli.run(["put", "team/all"], `{"b": "${canary}", "a": "${canary}"}`)).code).toBe(0);
    expect((await missing()).of("team/all")).toEqual([]);
  });

  it.each([
    ["a path that is not declared", ["put", "team/nothing"], "{}", /not declared[\s\S]*team\/all/],
    [
      "a property that is not declared",
      ["put", "team/nested"],
      `{"inner":"${canary}"}`,
      /Declared: outer\.inner/,
    ],
    ["text that is no map", ["put", "team/nested"], canary, /must be a JSON map/],
    ["an empty value", ["put", "team/nested", "-p", "outer.inner"], "\n", /empty value/],
    ["nothing at all", ["put", "team/nested"], "", /standard input is empty/],
    ["a value as an argument", ["put", "team/nested", canary], "", /never an argument/],
    ["a value as an option", ["put", "team/nested", `--value=${canary}`], "", /never an argument/],
    ["a stack without a file", ["put", "team/nested", "-s", "none"], "", /no Pulumi\.none\.yaml here.*dev/],
  ])("refuses %s and writes nothing", async (_name, args, input, message) => {
    const answer = await cli.run(args, input);
    expect(answer).toMatchObject({ code: 1, stdout: "", stderr: expect.stringMatching(message) });
    expect(await versionOf("team/nested")).toBe(0);
  });

  it("a nested property counts as present, as it does for ESO", async () => {
    await cli.root.write(`${mount}/data/team/nested`, {
      options: { cas: 0 },
      data: { outer: { inner: "x" } },
    });
    expect((await missing()).of("team/nested")).toEqual([]);
  });

  it("a pinned version is missing until it exists, and again when it is deleted or destroyed", async () => {
    const at = () => missing().then(({ of }) => of("team/pinned"));
    await cli.run(["put", "team/pinned", "-p", "p"], canary);
    expect(await at()).toEqual(["p: no such version"]);
    await cli.run(["put", "team/pinned", "-p", "p"], canary);
    await cli.root.write(`${mount}/data/team/pinned`, { options: { cas: 2 }, data: { other: "x" } });
    expect(await at()).toEqual([]);
    await cli.root.write(`${mount}/delete/team/pinned`, { versions: [2] });
    expect(await at()).toEqual(["p: deleted"]);
    await cli.root.write(`${mount}/undelete/team/pinned`, { versions: [2] });
    expect(await at()).toEqual([]);
    await cli.root.write(`${mount}/destroy/team/pinned`, { versions: [2] });
    expect(await at()).toEqual(["p: deleted"]);
  });

  it("a deleted secret is missing and can be put anew", async () => {
    const version = await versionOf("team/all");
    await cli.root.delete(`${mount}/data/team/all`);
    expect((await missing()).of("team/all")).toEqual(["*: deleted"]);
    expect((await cli.run(["put", "team/all", "-p", "c"], canary)).code).toBe(0);
    expect(await versionOf("team/all")).toBe(version + 1);
    expect(await valueAt("team/all")).toEqual({ c: canary });
  });

  it("whoever writes second is told, and overwrites nothing", async () => {
    const base = await readState(cli.root, mount, "team/db");
    await putValues(cli.root, mount, "team/db", { user: "theirs" });
    const late = putValues(cli.root, mount, "team/db", { user: canary }, base);
    await expect(late).rejects.toThrow(
      new RegExp(
        `at version ${base.currentVersion + 1}, written \\d{4}-.*version ${base.currentVersion} when.*Nothing was written.*audit log`,
      ),
    );
    await expect(late).rejects.not.toThrow(canary);
    expect(await valueAt("team/db")).toMatchObject({ user: "theirs" });
  });

  it("of many who write the first version at once, one succeeds and the others are told", async () => {
    const base = { mounted: true, currentVersion: 0, versions: [], custom: {} };
    const puts = await Promise.allSettled(
      Array.from({ length: 8 }, (_, index) =>
        putValues(cli.root, second, "race", { a: `value ${index}` }, base),
      ),
    );
    expect(puts.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    const reasons = puts.flatMap((put) => (put.status === "rejected" ? String(put.reason) : []));
    expect(reasons.every((reason) => reason.includes("somebody else changed it"))).toBe(true);
  });

  it("a write on a base that was deleted meanwhile is refused as well", async () => {
    await putValues(cli.root, second, "gone", { a: "1" });
    const base = await readState(cli.root, second, "gone");
    await cli.root.delete(`${second}/data/gone`);
    await expect(putValues(cli.root, second, "gone", { b: "2" }, base)).rejects.toThrow(
      /somebody else changed it/,
    );
  });
});

describe("rights", () => {
  const db = "team/db";
  const inBoth = (rule: (inMount: string) => Record<string, readonly string[]>) => ({
    ...rule(mount),
    ...rule(second),
  });
  const metadata = inBoth((at) => ({ [`${at}/metadata/team/*`]: ["read"] }));
  const subkeys = inBoth((at) => ({ [`${at}/subkeys/team/*`]: ["read"] }));

  it("a token that can read no value does all of it", async () => {
    const writing = { [`${mount}/data/team/*`]: ["create", "patch"] };
    const VAULT_TOKEN = await cli.tokenWith("writer", { ...metadata, ...subkeys, ...writing });
    const put = await cli.run(["put", db, "-m", mount, "-p", "user"], canary, { VAULT_TOKEN });
    expect(put.code).toBe(0);
    expect(await valueAt(db)).toMatchObject({ user: canary, password: `${canary}\nline\n` });
    expect((await missing({ VAULT_TOKEN })).unseen).toEqual([]);
    expect((await cli.run(["list"], "", { VAULT_TOKEN })).code).toBe(0);
    const reader = new VaultClient({
      address: cli.root.address,
      caPem: (await useSandbox()).vault.caPem,
      token: VAULT_TOKEN,
    });
    await expect(reader.read(`${mount}/data/${db}`)).rejects.toThrow(/403/);
    await reader.close();
  });

  it("with metadata alone, missing checks paths and says what it could not see; put names the capability", async () => {
    const VAULT_TOKEN = await cli.tokenWith("metadata", metadata);
    const report = await missing({ VAULT_TOKEN });
    expect(report.of(db)).toEqual([]);
    expect(report.unseen).toContainEqual({ mount, path: db });
    expect((await cli.run(["missing"], "", { VAULT_TOKEN })).stdout).toContain(
      `lacks read on ${mount}/subkeys/${db}`,
    );
    const put = await cli.run(["put", db, "-m", mount, "-p", "user"], canary, { VAULT_TOKEN });
    expect(put).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`"patch" on "${mount}/data/${db}"`),
    });
  });

  it("without any, the capability and path are named; and so is a token that is none", async () => {
    const VAULT_TOKEN = await cli.tokenWith("none", { "auth/token/lookup-self": ["read"] });
    const answer = await cli.run(["missing"], "", { VAULT_TOKEN });
    expect(answer).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/"read" on "secrets-test\/metadata\/team/),
    });
    expect((await cli.run(["list"], "", { VAULT_TOKEN: "hvs.none" })).stderr).toMatch(
      /or the token has expired/,
    );
    expect((await cli.run(["list"], "", { VAULT_TOKEN: "" })).stderr).toMatch(/No Vault token/);
  });

  it("the token that vault login left in the home is used", async () => {
    await writeFile(join(cli.folder, ".vault-token"), await cli.tokenWith("login", metadata), {
      mode: 0o600,
    });
    expect((await cli.run(["list"], "", { VAULT_TOKEN: "" })).code).toBe(0);
  });
});

describe("a Vault that is not there", () => {
  it("is named with its address", async () => {
    const answer = await cli.run(["missing"], "", { VAULT_ADDR: "https://127.0.0.1:1" });
    expect(answer).toMatchObject({
      code: 1,
      stdout: "",
      stderr: expect.stringContaining("https://127.0.0.1:1 cannot be reached"),
    });
  });

  it("or is not the one that the CA vouches for", async () => {
    const answer = await cli.run(["missing"], "", { VAULT_CACERT: "" });
    expect(answer).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/cannot be reached: .*certificate/),
    });
  });
});

it("no value was ever printed", () => {
  expect(cli.printed()).toContain("team/db");
  expect(cli.printed()).not.toContain(canary);
});
