import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { applyVault } from "../../cli/bootstrap/apply.ts";
import { readState, readSubkeys } from "../../cli/secrets/kv.ts";
import { putValues } from "../../cli/secrets/values.ts";
import type { VaultClient } from "../../clients/vault.ts";
import type { Settings } from "../../config/schema.ts";
import type { RunningSandbox } from "../../sandbox/sandbox.ts";
import { useSandbox } from "./harness.ts";
import { rootVault } from "./main-job/ground.ts";
import { cleanUp, clientOf, clientWith, kv, settingsFor, workloads } from "./operators/ground.ts";
import { attacksOn, type Request, updateOf } from "./operators/requests.ts";

/** Each operator with its generated policy and nothing else, on a real Vault: what it must do, and what it must not. */
describe("operators in Vault", () => {
  let sandbox: RunningSandbox;
  let settings: Settings;
  let root: VaultClient;
  let clients: Readonly<Record<"deployer" | "previewer" | "auditor" | "secret-admin", VaultClient>>;
  let auditFile: string;
  const value = "a value that nobody may read";

  beforeAll(async () => {
    sandbox = await useSandbox();
    root = await rootVault(sandbox);
    settings = settingsFor(sandbox);
    auditFile = `${sandbox.paths.root}/optest-audit.log`;
    await applyVault(root, settings);
    const as = (operator: string) => clientWith(root, sandbox, `vault-management.optest.${operator}`);
    clients = {
      deployer: await as("deployer"),
      previewer: await as("previewer"),
      auditor: await as("auditor"),
      "secret-admin": await as("secret-admin"),
    };
  });

  afterAll(async () => {
    await cleanUp(root);
    await Promise.all(Object.values(clients).map((client) => client.close()));
    await root.close();
  });

  async function ask(client: VaultClient, [, method, path, body]: Request): Promise<unknown> {
    return client.request(method, path, body);
  }

  describe("the deployer", () => {
    it("makes everything that is declared, and reads it back", async () => {
      for (const request of updateOf(sandbox.kubernetes.address, sandbox.kubernetes.caPem, auditFile)) {
        await expect(ask(clients.deployer, request), request[0]).resolves.toBeDefined();
      }
      await untilPrepared(root);
      await clients.deployer.write(`${kv}/config`, { cas_required: true, max_versions: 10 });
      for (const path of [
        `${kv}/config`,
        `auth/${workloads}/config`,
        "sys/audit",
        `sys/mounts/auth/${workloads}/tune`,
      ]) {
        expect(await clients.deployer.read(path), path).toBeDefined();
      }
    });

    it.each(attacksOn("/tmp/x").map((request) => ({ what: request[0], request })))(
      "is refused $what",
      async ({ request }) => {
        await expect(ask(clients.deployer, request)).rejects.toMatchObject({ status: 403 });
      },
    );

    it("removes what it made", async () => {
      await clients.deployer.delete(`auth/${workloads}/role/optest-optest-a`);
      expect(await root.read(`auth/${workloads}/role/optest-optest-a`)).toBeUndefined();
      await ask(clients.deployer, roleRequest(settings));
    });
  });

  describe("the secret-admin", () => {
    it("puts values, and sees versions and names without any value", async () => {
      const admin = clients["secret-admin"];
      expect(await putValues(admin, kv, "team/db", { user: value })).toBe(1);
      expect(await putValues(admin, kv, "team/db", { password: value })).toBe(2);
      expect((await readState(admin, kv, "team/db")).currentVersion).toBe(2);
      expect(await readSubkeys(admin, kv, "team/db")).toEqual({ user: null, password: null });
    });

    it.each([
      ["to read a value", "GET", `${kv}/data/team/db`],
      ["to list", "LIST", `${kv}/metadata/team`],
      ["to list all", "LIST", `${kv}/metadata/`],
      ["to delete a version", "DELETE", `${kv}/data/team/db`],
      ["to delete versions", "POST", `${kv}/delete/team/db`, { versions: [1] }],
      ["to destroy", "POST", `${kv}/destroy/team/db`, { versions: [1] }],
      ["to undelete", "POST", `${kv}/undelete/team/db`, { versions: [1] }],
      ["to delete all", "DELETE", `${kv}/metadata/team/db`],
      ["the mount's settings", "POST", `${kv}/config`, { cas_required: false }],
      ["policies", "LIST", "sys/policies/acl"],
    ] satisfies readonly Request[])("is refused %s", async (...request) => {
      await expect(ask(clients["secret-admin"], request as Request)).rejects.toMatchObject({ status: 403 });
    });
  });

  describe("the previewer", () => {
    it("reads what the stack manages, and a role that is not declared yet", async () => {
      const role = `auth/${workloads}/role/optest-optest-a`;
      for (const path of [
        "sys/mounts",
        "sys/auth",
        "sys/audit",
        `${kv}/config`,
        role,
        "sys/policies/acl/optest.session",
      ]) {
        expect(await clients.previewer.read(path), path).toBeDefined();
      }
      expect(await clients.previewer.read(`auth/${workloads}/role/optest-new`)).toBeUndefined();
    });

    it("is refused everything that the deployer writes, and values", async () => {
      const writes = updateOf(sandbox.kubernetes.address, sandbox.kubernetes.caPem, auditFile);
      for (const request of [...writes, ...attacksOn(auditFile)]) {
        await expect(ask(clients.previewer, request), request[0]).rejects.toMatchObject({ status: 403 });
      }
    });
  });

  describe("the auditor", () => {
    it("sees who may do what, what is recorded, and when values changed", async () => {
      const { auditor } = clients;
      expect(await auditor.list("sys/policies/acl")).toContain("vault-management.optest.deployer");
      expect((await auditor.read("sys/policies/acl/vault-management.optest.deployer"))?.policy).toContain(
        "path",
      );
      expect(await auditor.list(`auth/${workloads}/role`)).toEqual(["optest-optest-a"]);
      expect(await auditor.read(`auth/${workloads}/role/optest-optest-a`)).toBeDefined();
      expect(await auditor.read("sys/audit")).toHaveProperty("optest/");
      expect(await auditor.read("sys/config/auditing/request-headers")).toBeDefined();
      expect(await auditor.list(`${kv}/metadata/`)).toEqual(["team/"]);
      expect((await auditor.read(`${kv}/metadata/team/db`))?.current_version).toBe(2);
      const { data } = await auditor.write("sys/audit-hash/optest", { input: value });
      expect(data?.hash).toMatch(/^hmac-sha256:/);
    });

    it("asks what another's token may do, by its accessor", async () => {
      const token = await root.write("auth/token/create-orphan", {
        policies: ["optest.optest-a.api"],
        no_default_policy: true,
        ttl: "5m",
      });
      const path = `${kv}/data/team/db`;
      const asked = { accessor: token.auth?.accessor, paths: [path, `${kv}/data/other`] };
      const { data } = await clients.auditor.write("sys/capabilities-accessor", asked);
      expect(data).toMatchObject({ [path]: ["read"], [`${kv}/data/other`]: ["deny"] });
      const accessors = await clients.auditor.list("auth/token/accessors");
      expect(accessors).toContain(token.auth?.accessor);
    });

    it.each([
      ["a value", "GET", `${kv}/data/team/db`],
      ["the names of a value's properties", "GET", `${kv}/subkeys/team/db`],
      ["to put a value", "POST", `${kv}/data/team/db`, { data: {} }],
      ["to delete one", "DELETE", `${kv}/metadata/team/db`],
      ["to write a policy", "POST", "sys/policies/acl/optest.session", { policy: "" }],
      ["to end an audit device", "DELETE", "sys/audit/optest"],
      ["to revoke a token", "POST", "auth/token/revoke-accessor", { accessor: "x" }],
      ["a token", "POST", "auth/token/create", {}],
      ["an entity", "POST", "identity/entity", { name: "x" }],
    ] satisfies readonly Request[])("is refused %s", async (...request) => {
      await expect(ask(clients.auditor, request as Request)).rejects.toMatchObject({ status: 403 });
    });
  });

  describe("the deployer, where workloads log in by JWT", () => {
    const mount = "optest-jwt";
    const role = `auth/${mount}/role/optest-optest-a`;
    const declared = {
      role_type: "jwt",
      user_claim: "sub",
      bound_audiences: ["vault"],
      bound_subject: "system:serviceaccount:optest-a:vault-store",
      bound_claims: {},
      token_policies: ["optest.session", "optest.optest-a.api"],
      token_no_default_policy: true,
      token_bound_cidrs: ["10.0.0.0/8", "127.0.0.0/8"],
    };
    let deployer: VaultClient;

    beforeAll(async () => {
      const publicKeys = [sandbox.kubernetes.serviceAccountPublicKeyPem];
      const vault = {
        ...settings.vault,
        auth: { ...settings.vault.auth, method: "jwt" as const, mount },
        egressCidrs: ["10.0.0.0/8", "127.0.0.0/8"],
      };
      await applyVault(root, {
        ...settings,
        vault,
        kubernetes: { ...settings.kubernetes, jwt: { publicKeys } },
      });
      deployer = await clientWith(root, sandbox, "vault-management.optest.deployer");
      const description = "vault-management optest";
      await deployer.write(`sys/auth/${mount}`, { type: "jwt", description });
      await deployer.write(`auth/${mount}/config`, {
        jwt_validation_pubkeys: publicKeys.map((key) => key.trim()),
      });
      await deployer.write(role, declared);
    });

    afterAll(async () => {
      await root.delete(`sys/auth/${mount}`);
      await deployer.close();
    });

    it.each([
      ["another subject", { bound_subject: "system:serviceaccount:kube-system:default" }],
      ["no subject", { bound_subject: "" }],
      ["subjects by claim", { bound_claims: { sub: "*" } }],
      ["claims as patterns", { bound_claims_type: "glob" }],
      ["another audience", { bound_audiences: ["kubernetes"] }],
      ["another claim for the user", { user_claim: "iss" }],
      ["groups of a claim", { groups_claim: "groups" }],
      ["a role for people", { role_type: "oidc" }],
      ["another policy", { token_policies: ["root"] }],
      ["any network", { token_bound_cidrs: [] }],
      ["any network, as a text", { token_bound_cidrs: "" }],
    ])("is refused %s", async (_what, fields) => {
      await expect(deployer.write(role, { ...declared, ...fields })).rejects.toMatchObject({ status: 403 });
      expect(await deployer.read(role)).toMatchObject({ bound_subject: declared.bound_subject });
    });

    it.each([
      ["another key", { jwt_validation_pubkeys: ["-----BEGIN PUBLIC KEY-----"] }],
      ["an issuer", { oidc_discovery_url: "https://127.0.0.1:1" }],
      ["a key set elsewhere", { jwks_url: "https://127.0.0.1:1" }],
    ])("is refused %s", async (_what, fields) => {
      await expect(deployer.write(`auth/${mount}/config`, fields)).rejects.toMatchObject({ status: 403 });
    });
  });

  it("have no default policy, and can end their own token", async () => {
    const spare = await clientWith(root, sandbox, "vault-management.optest.auditor");
    expect((await spare.read("auth/token/lookup-self"))?.policies).toEqual([
      "vault-management.optest.auditor",
    ]);
    await spare.write("auth/token/revoke-self", {});
    await expect(spare.read("auth/token/lookup-self")).rejects.toMatchObject({ status: 403 });
    await spare.close();
  });

  it("are nobody without a token", async () => {
    const nobody = clientOf(sandbox);
    await expect(nobody.read("sys/policies/acl/vault-management.optest.deployer")).rejects.toMatchObject({
      status: 403,
    });
    await nobody.close();
  });

  function roleRequest({ kubernetes }: Settings): Request {
    const requests = updateOf(kubernetes.apiAddress, sandbox.kubernetes.caPem, auditFile);
    return requests.find(([what]) => what === "a declared role") ?? requests[0] ?? ["", "GET", ""];
  }
});

/** A new KV v2 mount answers 400 while Vault prepares its storage. */
async function untilPrepared(root: VaultClient): Promise<void> {
  await expect
    .poll(
      () =>
        root.read(`${kv}/config`).then(
          () => true,
          () => false,
        ),
      { timeout: 20_000 },
    )
    .toBe(true);
}
