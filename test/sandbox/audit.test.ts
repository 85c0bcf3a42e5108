import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type AuditGround, auditGround, deviceLog, logOptions } from "./audit/ground.ts";
import { putInVault, rootVault } from "./main-job/ground.ts";

const value = `canary-${randomBytes(12).toString("hex")}`;
const path = "kv/data/llm/openai";
const secret = ["llm", "openai-api-key"] as const;
const eso = "vault/external-secrets";

/**
 * A value's way through real servers, and what people and strangers did beside it, as the logs of those servers tell it. The
 * command runs with an auditor's token and nothing else.
 */
describe("the audit of real servers", () => {
  let ground: AuditGround;

  beforeAll(async () => {
    ground = await auditGround();
    const { cluster, sandbox } = ground;
    await putInVault(ground, "llm/openai", { api_key: value });
    await cluster.forceSync(...secret);
    await vi.waitFor(async () => expect((await cluster.secret(...secret))?.api_key).toBe(value), {
      timeout: 60_000,
      interval: 250,
    });
    const stranger = await ground.loginAsUser("voyager-platform-user");
    await expect(stranger.read(path)).rejects.toThrow("permission denied");
    await stranger.close();
    await expect(ground.loginAsUser("voyager-platform-llm")).rejects.toThrow("namespace not authorized");
    const root = await rootVault(sandbox);
    await root.write("sys/policies/acl/audit-test-denied", {
      policy: 'path "kv/*" { capabilities = ["deny"] }',
    });
    await root.delete("sys/policies/acl/audit-test-denied");
    await root.close();
    await untilLogged(deviceLog(sandbox.paths), "audit-test-denied");
  });
  afterAll(() => ground?.close());

  const inVault = { source: "vault", path, operation: "read" };

  it("shows ESO's read as the service account and role that it logged in with", async () => {
    const rows = await ground.rows(["reads", "llm/openai"]);
    expect(rows).toContainEqual(
      expect.objectContaining({
        ...inVault,
        outcome: "allowed",
        version: expect.any(Number),
        who: expect.objectContaining({
          kind: "service account",
          name: "llm/vault-store",
          role: "voyager-platform-llm",
        }),
      }),
    );
  });

  it("shows another namespace's read as denied", async () => {
    const rows = await ground.rows(["reads", "llm/openai"]);
    const denied = rows.filter((row) => row.who.name === "user/vault-store");
    expect(denied).toMatchObject([{ ...inVault, outcome: "denied", reason: "permission denied" }]);
  });

  it("shows who read the Kubernetes Secret, and marks the operator", async () => {
    const rows = await ground.rows(["reads", "llm/openai"]);
    const ofSecret = rows.filter(
      (row) => row.path === "secrets llm/openai-api-key" && row.operation === "get",
    );
    expect(ofSecret.map(({ who, notes }) => [who.name, notes])).toEqual(
      expect.arrayContaining([
        ["sandbox-admin", []],
        [eso, ["ESO"]],
      ]),
    );
  });

  it("has each request once, although both devices logged it, in the order of time", async () => {
    const rows = await ground.rows(["reads", "llm/openai"]);
    const one = await ground.run([
      "reads",
      "llm/openai",
      "--json",
      "--since",
      ground.since,
      ...logOptions(ground.sandbox).slice(0, 2),
    ]);
    const ofOneDevice = (JSON.parse(one.stdout) as { rows: unknown[] }).rows;
    expect(rows.filter(({ source }) => source === "vault")).toHaveLength(ofOneDevice.length);
    const vaultTimes = rows.filter(({ source }) => source === "vault").map(({ time }) => Date.parse(time));
    expect(vaultTimes).toEqual(vaultTimes.toSorted((a, b) => a - b));
  });

  it("shows a new version and the Secret that ESO wrote after it", async () => {
    const rows = await ground.rows(["rotations"]);
    const written = rows.findIndex(
      (row) => row.path === path && ["create", "update"].includes(row.operation),
    );
    const synced = rows.findLastIndex(
      (row) => row.path === "secrets llm/openai-api-key" && row.who.name === eso,
    );
    expect(rows[written]).toMatchObject({
      who: { kind: "operator" },
      outcome: "allowed",
      version: expect.any(Number),
    });
    expect(synced).toBeGreaterThan(written);
  });

  it("shows what a service account did: its logins, reads, and the refused logins that might be its own", async () => {
    const rows = await ground.rows(["who", "user/vault-store"]);
    expect(rows).toContainEqual(
      expect.objectContaining({
        path: "auth/kubernetes/login",
        outcome: "allowed",
        who: expect.objectContaining({ name: "user/vault-store" }),
      }),
    );
    expect(rows).toContainEqual(expect.objectContaining({ path, outcome: "denied" }));
    expect(rows).toContainEqual(
      expect.objectContaining({
        reason: "namespace not authorized",
        who: { kind: "nobody", name: "nobody named" },
      }),
    );
    const table = await ground.run([
      "who",
      "user/vault-store",
      "--since",
      ground.since,
      ...logOptions(ground.sandbox),
    ]);
    expect(table.stdout).toMatch(
      /user\/vault-store \(voyager-platform-user\) +│ read kv\/data\/llm\/openai +│ denied: permission denied/,
    );
  });

  it("shows root tokens, how one was made, and changed policies as break-glass", async () => {
    const rows = await ground.rows(["break-glass"]);
    expect(rows).toContainEqual(
      expect.objectContaining({
        path: "sys/policies/acl/audit-test-denied",
        operation: "delete",
        notes: ["root token", "policy changed"],
      }),
    );
    expect(rows).toContainEqual(
      expect.objectContaining({
        path: "sys/generate-root/update",
        who: { kind: "nobody", name: "nobody named" },
        notes: ["root token being made"],
      }),
    );
    expect(rows.some(({ who }) => who.name === "llm/vault-store")).toBe(false);
  });

  it("finds a value by the hashes of all devices, and tells places only", async () => {
    const reads = await ground.rows(["reads", "--match-value"], `${value}\n`);
    expect(reads).toContainEqual(
      expect.objectContaining({
        ...inVault,
        who: expect.objectContaining({ name: "llm/vault-store" }),
        places: ["response.data.data.api_key"],
      }),
    );
    const [written] = await ground.rows(["rotations", "--match-value"], value);
    expect(written).toMatchObject({ path, places: ["request.data.data.api_key"] });
    expect(await ground.rows(["reads", "--match-value"], `${value}x`)).toEqual([]);
  });

  it("has printed neither the value nor any hash, and no token's accessor", async () => {
    const everything = await ground.run(["who", "root", "--json", ...logOptions(ground.sandbox)]);
    expect(everything.code).toBe(0);
    expect(await readFile(deviceLog(ground.sandbox.paths), "utf8")).toContain("hmac-sha256:");
    expect(ground.printed()).not.toContain(value);
    expect(ground.printed()).not.toContain("hmac-sha256");
  });
});

/** The devices write before Vault answers; the log of the API server a moment after. */
async function untilLogged(file: string, text: string): Promise<void> {
  await vi.waitFor(async () => expect(await readFile(file, "utf8")).toContain(text), { timeout: 10_000 });
}
