import { describe, expect, it } from "vitest";
import { managedInVault } from "../../../access/managed.ts";
import { beyondInVault } from "../../../cli/drift/vault/beyond.ts";
import { type VaultClient, VaultError } from "../../../clients/vault.ts";
import { parseSettings } from "../../../config/parse.ts";
import type { Settings } from "../../../config/schema.ts";
import { withDatabase } from "../databases/declarations.ts";
import { withPki } from "../pki/declarations.ts";

type Things = Readonly<Record<string, object>>;

function settingsIn(stack: "dev" | "prod"): Settings {
  const { pki } = withPki({}, {}, stack);
  const parsed = parseSettings({ ...withDatabase({ stack }), pki }, "Pulumi.test.yaml");
  return { ...parsed, vault: { ...parsed.vault, cluster: "shared" } };
}

/** A Vault with all that is declared, in mounts of the stack `owner`, and with what somebody has added. */
function vaultWith(settings: Settings, added: Things, owner = settings.environment): VaultClient {
  const mount = (type: string) => ({ type, description: `vault-management ${owner}` });
  const declared = managedInVault(settings).map(({ path }) => [path, {}] as const);
  const things: Things = {
    ...Object.fromEntries(declared),
    "sys/auth": { [`${settings.vault.auth.mount}/`]: mount(settings.vault.auth.method) },
    "sys/mounts": {
      "pki/": mount("pki"),
      "pki-int/": mount("pki"),
      [`${settings.databases[0]?.mount}/`]: mount("database"),
    },
    ...added,
  };
  const below = (path: string) =>
    Object.keys(things).flatMap((one) => (one.startsWith(`${path}/`) ? [one.slice(path.length + 1)] : []));
  return {
    read: async (path: string) => things[path],
    list: async (path: string) => below(path).filter((name) => !name.includes("/")),
  } as unknown as VaultClient;
}

async function found(settings: Settings, added: Things, owner?: string) {
  const { findings, unseen } = await beyondInVault(vaultWith(settings, added, owner), settings, []);
  expect(unseen).toEqual([]);
  return findings.map(({ what, fields }) => [what, ...fields.map((one) => one.found)]);
}

describe.each(["dev", "prod"] as const)(
  "what stands in the places of stack %s and is not declared",
  (stack) => {
    const settings = settingsIn(stack);
    const { auth } = settings.vault;
    const role = `auth/${auth.mount}/role/backup`;
    const policy = `${auth.rolePrefix}.llm.llm-gateway`;
    const database = settings.databases[0]?.mount;

    it("is nothing after an update", async () => {
      expect(await found(settings, {})).toEqual([]);
    });

    it.each([
      ["token_policies", { token_policies: ["default", policy] }],
      ["policies, as older roles say it", { token_policies: [], policies: [policy] }],
    ])("is a login under any name that gives a policy of the stack: %s", async (_, fields) => {
      expect(await found(settings, { [role]: fields })).toEqual([[`role ${role}`, `["${policy}"]`]]);
    });

    it("is a login that gives an operator's rights", async () => {
      const deployer = `vault-management.${stack}.deployer`;
      expect(await found(settings, { [role]: { token_policies: [deployer] } })).toEqual([
        [`role ${role}`, `["${deployer}"]`],
      ]);
    });

    it("is no login that gives nothing of this stack", async () => {
      const others = ["default", "team-b.llm.gateway", "vault-management.other.deployer"];
      expect(await found(settings, { [role]: { token_policies: others } })).toEqual([]);
    });

    it("is a certificate role under any name, of the root and of the intermediate", async () => {
      expect(await found(settings, { "pki-int/roles/any": {}, "pki/roles/any": {} })).toEqual([
        ["role pki/roles/any"],
        ["role pki-int/roles/any"],
      ]);
    });

    it("is a database connection or role, each said once", async () => {
      const evil = [`${database}/config/evil`, `${database}/roles/evil`, `${database}/static-roles/evil`];
      const whats = await found(settings, Object.fromEntries(evil.map((path) => [path, {}])));
      expect(whats.toSorted()).toEqual([
        [`database connection ${database}/config/evil`],
        [`role ${database}/roles/evil`],
        [`role ${database}/static-roles/evil`],
      ]);
    });

    it("is nothing of another stack's, where a mount is that one's", async () => {
      const others = {
        [role]: { token_policies: [policy] },
        "pki-int/roles/any": {},
        [`${database}/config/other`]: {},
      };
      expect(await found(settings, others, "another")).toEqual([]);
    });
  },
);

it("names the right that a previewer of an earlier release lacks, and goes on with the other places", async () => {
  const settings = settingsIn("dev");
  const role = "auth/kubernetes/role/backup";
  const vault = vaultWith(settings, { [role]: {}, "pki-int/roles/any": {} });
  const refusing = {
    list: vault.list,
    read: async (path: string) => {
      if (path === role) throw new VaultError("GET", path, 403, ["permission denied"]);
      return vault.read(path);
    },
  } as unknown as VaultClient;
  const { findings, unseen } = await beyondInVault(refusing, settings, []);
  expect(findings.map(({ what }) => what)).toEqual(["role pki-int/roles/any"]);
  expect(unseen).toEqual([
    {
      what: "roles with the stack's policies beyond the declaration",
      why: expect.stringMatching(/403 .*role\/backup.*npm run bootstrap -- apply/),
      failed: true,
    },
  ]);
});
