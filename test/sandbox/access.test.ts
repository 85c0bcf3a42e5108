import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { KubeConfig } from "@kubernetes/client-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseSettings } from "../../config/parse.ts";
import type { Settings } from "../../config/schema.ts";
import { bootstrapOperators } from "../../sandbox/operators/bootstrap.ts";
import { readLiving } from "../../sandbox/processes/record.ts";
import { up } from "../../sandbox/sandbox.ts";
import { fleet, makeFleet, removeFleet } from "./access/fleet.ts";
import { type AccessGround, accessGround } from "./access/ground.ts";
import { declarationWith, type Edit, type Fields } from "./main-job/ground.ts";

const LLM_POLICY = "sys/policies/acl/voyager-platform.llm.llm-gateway";
const USER_ROLE = "auth/kubernetes/role/voyager-platform-user";
const SECRET = "kv/data/llm/openai";

let ground: AccessGround;
beforeAll(async () => {
  ground = await accessGround();
  await ground.deploy();
});
afterAll(() => ground?.close());

describe("--live on the reference declaration", () => {
  it("agrees cell by cell, with the auditor's own rights, and says what it asked", async () => {
    const { code, stdout, stderr } = await ground.live();
    expect({ code, stderr: stderr.replace(/^access: .*\n/gm, "") }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/about 2 logins: 2 cells of the matrix, and \d+ answers beyond it/);
    expect(stdout).toContain("All as declared.");
  });

  it("agrees while a Vault node is down", async () => {
    const { paths } = ground.sandbox;
    const record = await readLiving(paths, "vault-1");
    if (record === undefined) throw new Error("vault-1 does not run");
    process.kill(record.pid, "SIGKILL");
    try {
      expect(await ground.report()).toMatchObject({ code: 0, logins: 2, differences: [] });
    } finally {
      await up({ root: paths.root });
    }
  });
});

describe("a change by hand in Vault is named, with exit code 2:", () => {
  /** What the report says while `path` holds something else. */
  async function whileChanged(path: string, change: (held: Fields) => Fields) {
    const held = await ground.vault.read(path);
    if (held === undefined) throw new Error(`nothing at ${path}`);
    await ground.vault.write(path, change(held));
    try {
      const { code, differences } = await ground.report();
      expect(code).toBe(2);
      return differences.map(
        ({ namespace, at, expected, found }) => `${namespace} ${at}: ${expected} -> ${found}`,
      );
    } finally {
      await ground.vault.write(path, held);
    }
  }
  const rule = (path: string, ...capabilities: readonly string[]) =>
    `path "${path}" { capabilities = ${JSON.stringify(capabilities)} }\n`;

  it("a path made a prefix", async () => {
    expect(await whileChanged(LLM_POLICY, () => ({ policy: rule(`${SECRET}*`, "read") }))).toEqual([
      "llm kv/data/llm/openai-not-declared: deny -> read",
      "llm kv/data/llm/openai/not-declared: deny -> read",
    ]);
  });

  it("more than read on a declared path", async () => {
    expect(await whileChanged(LLM_POLICY, () => ({ policy: rule(SECRET, "read", "update") }))).toEqual([
      `llm ${SECRET}: read -> read,update`,
    ]);
  });

  it("a read that is gone", async () => {
    expect(await whileChanged(LLM_POLICY, () => ({ policy: rule("kv/data/other", "read") }))).toEqual([
      `llm ${SECRET}: read -> deny`,
    ]);
  });

  it("metadata", async () => {
    const policy = rule(SECRET, "read") + rule("kv/metadata/llm/openai", "list", "read");
    expect(await whileChanged(LLM_POLICY, () => ({ policy }))).toEqual([
      "llm kv/metadata/llm/openai: deny -> list,read",
    ]);
  });

  it("the session policy, which every login has", async () => {
    const session = "sys/policies/acl/voyager-platform.session";
    const changes = await whileChanged(session, ({ policy }) => ({
      policy: `${policy}\n${rule("sys/mounts", "read")}`,
    }));
    expect(changes).toEqual(["llm sys/mounts: deny -> read", "user sys/mounts: deny -> read"]);
  });

  it("another namespace's policy on a role, although nobody declared it", async () => {
    const policies = ["voyager-platform.session", "voyager-platform.llm.llm-gateway"];
    const changes = await whileChanged(USER_ROLE, (role) => ({ ...role, token_policies: policies }));
    expect(changes).toEqual([
      expect.stringMatching(/^user policies: voyager-platform.session -> .*llm-gateway/),
      `user ${SECRET}: deny -> read`,
    ]);
  });

  it("batch tokens, which are asked about without an accessor", async () => {
    const changes = await whileChanged(USER_ROLE, (role) => ({ ...role, token_type: "batch" }));
    expect(changes).toEqual(["user token type: service -> batch"]);
  });

  it("a role for another service account", async () => {
    const changes = await whileChanged(USER_ROLE, (role) => ({
      ...role,
      bound_service_account_names: ["other"],
    }));
    expect(changes).toEqual(["user login: accepted -> refused: service account name not authorized"]);
  });
});

describe("what is declared and not there", () => {
  it("is a difference: a service account that does not exist", async () => {
    const edits = [{ namespaces: { later: { store: {} } } }];
    // The auditor's rights are those of what was deployed, so the cluster's administrator asks.
    const environment = { KUBECONFIG: ground.sandbox.kubernetes.kubeconfigs.admin };
    const { code, differences } = await ground.report({ edits, environment });
    expect(code).toBe(2);
    expect(differences).toMatchObject([
      { namespace: "later", at: "login", found: ["there is no service account later/vault-store"] },
    ]);
  });
});

describe("a check that cannot be made prints nothing but why, with exit code 1:", () => {
  const refused = async (message: RegExp, options: Parameters<AccessGround["live"]>[0]) => {
    const { code, stdout, stderr } = await ground.live(options);
    expect({ code, stdout, stderr }).toEqual({ code: 1, stdout: "", stderr: expect.stringMatching(message) });
  };

  it("a token without the capabilities endpoints", async () => {
    const VAULT_TOKEN = await ground.tokenWith('path "kv/metadata/*" { capabilities = ["read"] }');
    await refused(/"update" on "sys\/capabilities-accessor"[\s\S]*vault-management\.dev\.auditor grants it/, {
      environment: { VAULT_TOKEN },
    });
  });

  it("a token that is none", async () => {
    await refused(/token lacks, or it has expired/, { environment: { VAULT_TOKEN: "hvs.none" } });
  });

  it("a kubeconfig that may not make tokens", async () => {
    const { kubernetes, paths } = ground.sandbox;
    const config = new KubeConfig();
    config.loadFromFile(kubernetes.kubeconfigs.admin);
    const cluster = config.getCluster(kubernetes.context);
    if (cluster === null) throw new Error("the sandbox's kubeconfig names its cluster");
    config.loadFromClusterAndUser(cluster, { name: "nobody", token: "none" });
    const KUBECONFIG = join(paths.root, "access-test.kubeconfig");
    await writeFile(KUBECONFIG, config.exportConfig(), { mode: 0o600 });
    await refused(
      /2 login\(s\) could not be checked[\s\S]*llm\/vault-store: 401[\s\S]*user\/vault-store: 401[\s\S]*vault-management:dev:auditor has it/,
      { args: ["--context", config.getCurrentContext()], environment: { KUBECONFIG } },
    );
  });

  it("a context that the kubeconfig does not have", async () => {
    await refused(/no context elsewhere\. It has: sandbox/, { args: ["--context", "elsewhere"] });
  });

  it("a Vault that does not answer", async () => {
    await refused(/127\.0\.0\.1:1 cannot be reached/, { environment: { VAULT_ADDR: "https://127.0.0.1:1" } });
  });

  describe("networks are declared, and we are in none of them", () => {
    const edits: readonly Edit[] = [{ vault: { egressCidrs: ["10.0.0.0/8"] } }];
    beforeAll(() => ground.deploy(...edits));
    afterAll(() => ground.deploy());

    it("says so", async () => {
      await refused(/llm\/vault-store: refused: permission denied[\s\S]*10\.0\.0\.0\/8 alone/, { edits });
    });
  });
});

describe("--live on 50 namespaces of 4 services, half of them isolated by service", () => {
  const namespaces = fleet(50);
  let settings: Settings;
  beforeAll(async () => {
    settings = parseSettings(await declarationWith(ground.sandbox, { namespaces }), "Pulumi.dev.yaml");
    await bootstrapOperators(ground.sandbox, settings);
    await makeFleet(ground, settings);
  }, 600_000);
  afterAll(async () => {
    await removeFleet(ground, settings);
    await ground.deploy();
  }, 600_000);

  it("agrees cell by cell", async () => {
    const begun = performance.now();
    const { code, logins, cells, beyond, differences } = await ground.report({ edits: [{ namespaces }] });
    const seconds = ((performance.now() - begun) / 1_000).toFixed(1);
    console.log(`asked about ${logins} logins, ${cells} cells and ${beyond} answers beyond, in ${seconds} s`);
    // 25 namespaces with one login, 25 with four, and the reference's two; 200 paths and the reference's one.
    expect({ code, logins, cells, differences }).toEqual({
      code: 0,
      logins: 127,
      cells: 127 * 201,
      differences: [],
    });
  }, 600_000);

  it("names the one cell that differs", async () => {
    const role = "auth/kubernetes/role/voyager-platform-fleet-1.service-2";
    const held = (await ground.vault.read(role)) ?? {};
    const foreign = "voyager-platform.fleet-7.service-3";
    await ground.vault.write(role, {
      ...held,
      token_policies: [...(held.token_policies as readonly string[]), foreign],
    });
    const { code, differences } = await ground.report({ edits: [{ namespaces }] });
    expect(code).toBe(2);
    expect(differences).toMatchObject([
      { role: "voyager-platform-fleet-1.service-2", at: "policies" },
      {
        serviceAccount: "vault-store-service-2",
        at: "kv/data/fleet-7/service-3",
        expected: ["deny"],
        found: ["read"],
      },
    ]);
  }, 600_000);
});
