import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { VaultClient } from "../../clients/vault.ts";
import { directEngine } from "../../sandbox/engine/direct/engine.ts";
import type { UpResult } from "../../sandbox/engine/engine.ts";
import type { RunningSandbox } from "../../sandbox/sandbox.ts";
import { type Canaries, scanner } from "../canaries/scan.ts";
import { etcdRange } from "./canaries/etcd.ts";
import { filesBelow, scanFolder, tokenLike } from "./canaries/files.ts";
import {
  absent,
  type Commands,
  canaryStack,
  commandsIn,
  keptSecrets,
  loginTokens,
  newValue,
  place,
} from "./canaries/ground.ts";
import { belongs, isProgram } from "./canaries/places.ts";
import { processesAreFiles, type SeenProcesses, watchingProcesses } from "./canaries/processes.ts";
import { useSandbox } from "./harness.ts";
import { Cluster } from "./main-job/cluster.ts";
import { declarationWith, deploy, projectFolder, rootVault } from "./main-job/ground.ts";

/** The caller's own credentials, which have no business in a deployment. */
const callers = newValue("caller");
const callerVariables = ["AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "PULUMI_ACCESS_TOKEN", "VAULT_TOKEN"];
const value = newValue("value");

/**
 * One secret goes its whole way: typed in by a secret-admin, through Vault, ESO and a Kubernetes Secret, while the stack is
 * deployed and asked about. Then everything that was written or printed meanwhile is searched for it, and for the
 * credentials that were used.
 */
describe("no secret anywhere it should not be", () => {
  let sandbox: RunningSandbox;
  let vault: VaultClient;
  let commands: Commands;
  let canaries: Canaries;
  let temporary: string;
  let deployed: UpResult;
  let refused: string;
  let seen: SeenProcesses;
  const before = Object.fromEntries(["TMPDIR", ...callerVariables].map((name) => [name, process.env[name]]));

  beforeAll(async () => {
    sandbox = await useSandbox();
    vault = await rootVault(sandbox);
    temporary = await mkdtemp(join(tmpdir(), "canaries-"));
    process.env.TMPDIR = temporary;
    for (const name of callerVariables) process.env[name] = callers;

    const ground = { engine: directEngine("the tests' own", projectFolder), sandbox, vault };
    // Fails, since there is no value yet; it makes the mount to put one into, and the operators' tokens.
    await expect(deploy(ground, canaryStack, absent)).rejects.toThrow(place.path);
    commands = await commandsIn(sandbox, await declarationWith(sandbox, canaryStack), {
      AWS_SECRET_ACCESS_KEY: callers,
    });
    const kept = { value, "the caller's": callers, ...(await keptSecrets(sandbox)) };
    const watched = await watchingProcesses(scanner(kept), projectFolder, async () => {
      await put(kept);
      const failed = await deploy(ground, canaryStack, absent).catch((error: Error) => error);
      return { failed: String(failed), deployed: await deploy(ground, canaryStack) };
    });
    ({ deployed, failed: refused } = watched.result);
    seen = watched.seen;
    await useLogin(kept);
    await ask(kept);
  });

  afterAll(async () => {
    for (const [name, was] of Object.entries(before)) {
      if (was === undefined) delete process.env[name];
      else process.env[name] = was;
    }
    await vault?.close();
  });

  async function put(kept: Canaries): Promise<void> {
    const words = ["put", place.path, "--property", place.property];
    const { code, output } = await commands.run(
      ["cli/secrets/main.ts", ...words],
      kept["the token of secretAdmin"] ?? "",
      value,
    );
    expect(code, output.replaceAll(value, "...")).toBe(0);
  }

  /** Every command that an operator has, once at least. */
  async function ask(kept: Canaries): Promise<void> {
    const secretAdmin = kept["the token of secretAdmin"] ?? "";
    const auditor = kept["the token of auditor"] ?? "";
    const logs = [
      "--vault-log",
      ...(await vaultLogs()),
      "--kubernetes-log",
      sandbox.paths.kubernetesAuditLog,
    ];
    const who = `${place.namespace}/vault-store`;
    const asked: readonly (readonly [
      code: number,
      token: string,
      command: readonly [string, ...string[]],
    ])[] = [
      [0, secretAdmin, ["cli/secrets/main.ts", "list"]],
      [0, secretAdmin, ["cli/secrets/main.ts", "missing"]],
      [1, secretAdmin, ["cli/secrets/main.ts", "put", place.path, `--value=${value}`]],
      [0, auditor, ["cli/access/main.ts"]],
      [0, auditor, ["cli/access/main.ts", "--live"]],
      [0, auditor, ["cli/access/main.ts", "--live", "--json"]],
      [0, auditor, ["cli/audit/main.ts", "reads", place.path, ...logs]],
      [0, auditor, ["cli/audit/main.ts", "reads", place.path, "--json", ...logs]],
      [0, auditor, ["cli/audit/main.ts", "who", who, ...logs]],
      [0, auditor, ["cli/audit/main.ts", "rotations", ...logs]],
      [0, auditor, ["cli/audit/main.ts", "break-glass", ...logs]],
      [0, auditor, ["cli/audit/main.ts", "reads", "--match-value", ...logs]],
      [0, auditor, ["sandbox/main.ts", "status"]],
    ];
    for (const [code, token, command] of asked) {
      const answer = await commands.run(command, token, command.includes("--match-value") ? value : "");
      expect([answer.code, ...command.slice(0, 2)]).toEqual([code, ...command.slice(0, 2)]);
    }
  }

  async function useLogin(kept: Canaries): Promise<void> {
    const account = { namespace: place.namespace, name: "vault-store" };
    const jwt = await new Cluster(sandbox).token(account, ["vault", sandbox.kubernetes.apiAudience]);
    canaries = { ...kept, ...(await loginTokens(sandbox, jwt, `voyager-platform-${place.namespace}`)) };
  }

  /** The devices' files; the device `stdout` is in the nodes' own logs. */
  async function vaultLogs(): Promise<readonly string[]> {
    return [...(await filesBelow(sandbox.paths.vaultAudit)), join(sandbox.paths.logs, "vault-1.log")];
  }

  const nothing = (text: string) => {
    expect(scanner(canaries)(text)).toEqual([]);
    expect(tokenLike(text)).toEqual([]);
  };

  it("the secret has come through, so that there was something to find", async () => {
    const cluster = new Cluster(sandbox);
    await vi.waitFor(
      async () => expect((await cluster.secret(place.namespace, place.secret))?.value === value).toBe(true),
      { timeout: 30_000, interval: 250 },
    );
  });

  it("a deployment says nothing of it, done or failed", () => {
    expect(refused).toContain(place.path);
    nothing(refused);
    nothing(JSON.stringify(deployed));
  });

  it("no command prints it", () => {
    expect(commands.printed()).toContain(place.path);
    nothing(commands.printed());
  });

  it("both audit logs tell of the reads, and not what was read", async () => {
    const nodes = sandbox.vault.nodes.map(({ name }) => join(sandbox.paths.logs, `${name}.log`));
    const devices = await filesBelow(sandbox.paths.vaultAudit);
    const texts = await Promise.all([...nodes, ...devices].map((file) => readFile(file, "utf8")));
    expect(texts.join("")).toContain(`"path":"kv/data/${place.path}"`);
    const kubernetes = await readFile(sandbox.paths.kubernetesAuditLog, "utf8");
    expect(kubernetes).toContain(`/namespaces/${place.namespace}/secrets/${place.secret}`);
    for (const text of [...texts, kubernetes]) nothing(text);
  });

  it("in the sandbox's files there are secrets only where they belong", async () => {
    const found = await scanFolder(sandbox.paths.root, scanner(canaries), isProgram);
    const unexpected = Object.entries(found).filter(([file, names]) => !belongs(file, names));
    expect(unexpected).toEqual([]);
    expect(found).toMatchObject({
      "vault/unseal-key": ["the unseal key"],
      "kubernetes/encryption.yaml": ["the key of etcd's encryption"],
      "operators/deployer.token": ["a token of Vault", "the token of deployer"],
    });
  });

  it("in the temporary files there is none", async () => {
    expect(await scanFolder(temporary, scanner(canaries))).toEqual({});
  });

  it.skipIf(!processesAreFiles)("none is in a process's arguments (Linux only)", () => {
    expect([...seen.programs]).toContain("sandbox/engine/direct/main.ts");
    expect([...seen.programs]).toContain("cli/secrets/main.ts");
    expect(seen.arguments).toEqual({});
  });

  it.skipIf(!processesAreFiles)("a process's environment has the one it works with (Linux only)", () => {
    expect(seen.environments).toEqual({
      "sandbox/engine/direct/main.ts": ["the token of deployer"],
      "cli/secrets/main.ts": ["the caller's", "the token of secretAdmin"],
    });
  });

  it("every Kubernetes Secret is encrypted in etcd", async () => {
    const secrets = await etcdRange(sandbox, "/registry/secrets/");
    expect(secrets.map(({ key }) => key)).toContain(`/registry/secrets/${place.namespace}/${place.secret}`);
    const clear = secrets.filter(({ stored }) => !stored.startsWith("k8s:enc:secretbox:v1:"));
    expect(clear.map(({ key }) => key)).toEqual([]);
  });

  it("nothing else in etcd holds it", async () => {
    const all = await etcdRange(sandbox, "/registry/");
    expect(all.length).toBeGreaterThan(200);
    const holding = all.filter(({ stored }) => scanner(canaries)(Buffer.from(stored, "latin1")).length > 0);
    expect(holding.map(({ key }) => key)).toEqual([]);
  });
});
