import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { auditorPolicy } from "../../../access/operators/auditor.ts";
import { breakGlassPolicy } from "../../../access/operators/break-glass.ts";
import { breakGlassRestorePolicy } from "../../../access/operators/break-glass-restore.ts";
import { deployerPolicy, missingInDeployerPolicy } from "../../../access/operators/deployer.ts";
import { policyBlock } from "../../../access/operators/document.ts";
import { previewerPolicy } from "../../../access/operators/previewer.ts";
import { secretAdminPolicy } from "../../../access/operators/secret-admin.ts";
import { setOrders } from "../../../access/provider-sets.ts";
import type { Settings } from "../../../config/schema.ts";
import { anySettings, settingsOf, settingsWith } from "../arbitrary-settings.ts";

/** Path -> capabilities, as a policy's text has them. */
function grantsIn(document: string): Readonly<Record<string, readonly string[]>> {
  const blocks = [...document.matchAll(/^path "([^"]+)" \{\n {2}capabilities = \[(.*)\]$/gm)];
  return Object.fromEntries(
    blocks.map(([, path = "", list = ""]) => [path, (list.match(/[\w-]+/g) ?? []).map(String)]),
  );
}

function blockOf(document: string, path: string): string {
  const start = document.indexOf(`path "${path}" {`);
  return document.slice(start, document.indexOf("\n}\n", start) + 3);
}

function paths(document: string, capability: string): readonly string[] {
  return Object.entries(grantsIn(document))
    .filter(([, capabilities]) => capabilities.includes(capability))
    .map(([path]) => path);
}

const session = { "auth/token/lookup-self": ["read"], "auth/token/revoke-self": ["update"] };
const jwt = () => {
  const dev = settingsWith(["kubernetes", "jwt"], { issuer: "https://issuer.example.com" });
  return { ...dev, vault: { ...dev.vault, auth: { ...dev.vault.auth, method: "jwt" as const } } };
};
const everyMethod = fc.tuple(anySettings, fc.boolean()).map(([settings, byJwt]): Settings => {
  if (!byJwt) return settings;
  const { kubernetes, vault } = jwt();
  return { ...settings, kubernetes, vault };
});

describe("deployer", () => {
  const dev = settingsOf("dev");
  const { name, document } = deployerPolicy(dev);

  it("is named after the environment, with a dot that no role prefix can have", () => {
    expect(name).toBe("vault-management.dev.deployer");
  });

  it("may bind the declared service account, audience and policies to a role, and nothing else", () => {
    expect(blockOf(document, "auth/kubernetes/role/voyager-platform-llm")).toBe(
      `path "auth/kubernetes/role/voyager-platform-llm" {
  capabilities = ["create", "read", "update", "delete"]
  allowed_parameters = {
    "bound_service_account_names" = [["vault-store"]]
    "bound_service_account_namespaces" = [["llm"]]
    "bound_service_account_namespace_selector" = [""]
    "audience" = ["vault"]
    "alias_name_source" = ["serviceaccount_uid"]
    "token_policies" = [["voyager-platform.session", "voyager-platform.llm.llm-gateway"], ["voyager-platform.llm.llm-gateway", "voyager-platform.session"]]
    "token_no_default_policy" = [true]
    "token_type" = ["service"]
    "token_bound_cidrs" = [[]]
    "token_ttl" = []
    "token_max_ttl" = []
  }
  denied_parameters = {
    "audience" = [""]
  }
}
`,
    );
  });

  it("pins the subject of a role of the jwt method", () => {
    const block = blockOf(deployerPolicy(jwt()).document, "auth/kubernetes/role/voyager-platform-llm");
    expect(block).toContain('"bound_subject" = ["system:serviceaccount:llm:vault-store"]');
    expect(block).toContain('"bound_claims" = [{}]');
    expect(block).toContain('"user_claim" = ["sub"]');
    expect(block).toContain('denied_parameters = {\n    "bound_subject" = [""]');
  });

  it("pins who vouches for logins, and that audit devices log hashes", () => {
    expect(blockOf(document, "auth/kubernetes/config")).toContain(
      '"kubernetes_host" = ["https://kubernetes.dev.voyager.internal:6443"]',
    );
    expect(blockOf(document, "sys/audit/stdout")).toContain('"options" = [{"file_path" = "stdout"}]');
    expect(document).not.toContain("audit_non_hmac");
  });

  it("may read its own policy, so that preflight can tell when it is outgrown", () => {
    expect(grantsIn(document)["sys/policies/acl/vault-management.dev.deployer"]).toEqual(["read"]);
  });

  it("may read and remove what is left of an earlier declaration, and not write it", () => {
    const left = deployerPolicy(dev, ["auth/kubernetes/role/voyager-platform-gone", "sys/audit/old"]);
    expect(grantsIn(left.document)).toMatchObject({
      "auth/kubernetes/role/voyager-platform-gone": ["read", "delete"],
      "sys/audit/old": ["delete", "sudo"],
    });
  });

  it("reads no value, has no wildcard, writes no operator's policy, and pins every role, for any declaration", () => {
    fc.assert(
      fc.property(everyMethod, (settings) => {
        const text = deployerPolicy(settings).document;
        const granted = Object.keys(grantsIn(text));
        expect(granted.filter((path) => /\/(data|subkeys|metadata)(\/|$)/.test(path))).toEqual([]);
        expect(granted.join()).not.toMatch(/[*+]/);
        expect(granted.filter((path) => /^(identity|sys\/raw|auth\/token\/create)/.test(path))).toEqual([]);
        for (const capability of ["create", "update", "patch", "delete"]) {
          expect(paths(text, capability).filter((path) => path.includes("vault-management"))).toEqual([]);
        }
        for (const role of granted.filter((path) => path.includes("/role/"))) {
          expect(blockOf(text, role)).toMatch(/"token_policies" = \[\[/);
          expect(blockOf(text, role)).toMatch(/"(bound_service_account_names|bound_subject)" = \[/);
        }
      }),
    );
  });

  it("covers its own declaration, and says what another one has besides", () => {
    expect(missingInDeployerPolicy(dev, document)).toEqual([]);
    const more = settingsWith(["namespaces", "team"], { store: {} });
    expect(missingInDeployerPolicy(more, document)).toEqual([
      expect.objectContaining({ of: "namespace team", path: "auth/kubernetes/role/voyager-platform-team" }),
    ]);
    expect(missingInDeployerPolicy(dev, deployerPolicy(more).document)).toEqual([]);
    expect(missingInDeployerPolicy(dev, "").length).toBeGreaterThan(15);
  });
});

describe("previewer", () => {
  it("reads what an update manages, policies by the stack's prefix, every role of its auth mount, and writes nothing", () => {
    fc.assert(
      fc.property(everyMethod, (settings) => {
        const { document } = previewerPolicy(settings);
        expect(paths(document, "update")).toEqual(["auth/token/revoke-self", "sys/capabilities-self"]);
        expect(Object.values(grantsIn(document)).flat()).not.toContain("create");
        expect(Object.values(grantsIn(document)).flat()).not.toContain("delete");
        expect(Object.keys(grantsIn(document)).filter((path) => path.includes("*"))).toEqual([
          "sys/policies/acl/voyager-platform.*",
          "auth/kubernetes/role/*",
          "sys/policies/acl/vault-management.dev.*",
          "identity/group/name/vault-management-dev-*",
          "auth/jwt-ci/role/dev-*",
          "auth/oidc/role/dev-*",
        ]);
        expect(document).not.toContain("/data/");
      }),
    );
    expect(grantsIn(previewerPolicy(settingsOf("dev")).document)["sys/audit"]).toEqual(["read", "sudo"]);
  });
});

describe("auditor", () => {
  it("sees policies, roles, identities, mounts, devices and dates, and no value", () => {
    const grants = grantsIn(auditorPolicy(settingsOf("prod")).document);
    expect(grants).toMatchObject({
      ...session,
      "sys/policies/acl/*": ["read"],
      "auth/kubernetes-prod/role/*": ["read"],
      "auth/jwt-ci/role/*": ["read"],
      "auth/oidc/config": ["read"],
      "sys/audit": ["read", "sudo"],
      "sys/audit-hash/primary": ["update"],
      "sys/audit-hash/secondary": ["update"],
      "kv-prod/metadata/*": ["read", "list"],
      "sys/capabilities-accessor": ["update"],
      "identity/entity/id/*": ["read"],
      "sys/storage/raft/autopilot/state": ["read"],
    });
    expect(Object.keys(grants).filter((path) => /\/(data|subkeys)(\/|$)/.test(path))).toEqual([]);
  });

  it("changes nothing: `update` only where Vault asks for it to answer, for any declaration", () => {
    fc.assert(
      fc.property(anySettings, (settings) => {
        const { document } = auditorPolicy(settings);
        const asking =
          /^(auth\/token\/(revoke-self|lookup-accessor)|sys\/(capabilities(-self|-accessor)?|audit-hash\/[^*]+))$/;
        for (const path of paths(document, "update")) expect(path).toMatch(asking);
        for (const capability of ["create", "patch", "delete"])
          expect(paths(document, capability)).toEqual([]);
      }),
    );
  });
});

describe("secret-admin", () => {
  it("puts values and sees their names and versions; it reads none, lists nothing and deletes nothing", () => {
    expect(grantsIn(secretAdminPolicy(settingsOf("dev")).document)).toEqual({
      ...session,
      "kv/data/*": ["create", "update", "patch"],
      "kv/metadata/*": ["read"],
      "kv/subkeys/*": ["read"],
      "kv/data/break-glass/dev": ["deny"],
    });
  });
});

describe("every policy", () => {
  it("is the same text for the same declaration, whatever the order in its file", () => {
    fc.assert(
      fc.property(anySettings, (settings) => {
        const copy = structuredClone(settings);
        for (const policy of [
          deployerPolicy,
          previewerPolicy,
          auditorPolicy,
          secretAdminPolicy,
          breakGlassPolicy,
          breakGlassRestorePolicy,
        ]) {
          expect(policy(copy)).toEqual(policy(settings));
        }
      }),
    );
  });
});

it("policyBlock writes every kind of value so that Vault reads it back", () => {
  const block = policyBlock({
    path: "a/b",
    capabilities: ["update"],
    allowed: { text: ['a"b\nc', ""], flag: [true], list: [["x", "y"], []], map: [{ k: "v" }, {}], any: [] },
  });
  expect(block).toBe(`path "a/b" {
  capabilities = ["update"]
  allowed_parameters = {
    "text" = ["a\\"b\\nc", ""]
    "flag" = [true]
    "list" = [["x", "y"], []]
    "map" = [{"k" = "v"}, {}]
    "any" = []
  }
}
`);
});

it("setOrders knows the order of the provider's sets, as it was seen in requests", () => {
  const declared = ["alpha", "llm-gateway", "zeta"].map((service) => `voyager-platform.llm.${service}`);
  expect(setOrders(["voyager-platform.session", ...declared])).toEqual([
    ["voyager-platform.session", ...declared],
    [
      "voyager-platform.llm.zeta",
      "voyager-platform.llm.llm-gateway",
      "voyager-platform.session",
      "voyager-platform.llm.alpha",
    ],
  ]);
  expect(setOrders(["10.0.0.0/8", "127.0.0.0/8"])[1]).toEqual(["127.0.0.0/8", "10.0.0.0/8"]);
  expect(setOrders(["one"])).toEqual([["one"]]);
  expect(setOrders([])).toEqual([[]]);
});
