import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseSettings } from "../../../config/parse.ts";
import type { Settings } from "../../../config/schema.ts";
import { auditDevices, plainSecrets, resourceRules } from "../../../policy/rules/all.ts";
import { messageOf, type ResourceView, subjectOf, UNKNOWN } from "../../../policy/rules/resource.ts";
import { rawNamespaces, settingsOf, settingsWith } from "../arbitrary-settings.ts";
import { app, batch, databaseSettings, pair } from "../databases/declarations.ts";
import { generated, productionWith, settingsWithData } from "../generated/declarations.ts";
import { rotating } from "../rotation/declarations.ts";
import { esoCrds, packFindings, programOf, stackOf } from "./program.ts";

const dev = settingsOf("dev");
const prod = settingsOf("prod");
const jwt: Settings = {
  ...dev,
  vault: { ...dev.vault, auth: { ...dev.vault.auth, method: "jwt", mount: "jwt" } },
  kubernetes: { ...dev.kubernetes, jwt: { issuer: "https://issuer.example" } },
};
const shared: Settings = {
  ...dev,
  vault: { ...dev.vault, cluster: "shared", auditDevices: {}, quotas: {}, autopilot: undefined },
};
/** With ESO's own definitions, so that the rules judge their texts as well. */
const resources = await programOf(prod, esoCrds);
const stack = stackOf(prod);

describe("the program passes the pack", () => {
  it.each([
    ["dev", dev],
    ["dev, which logs in by jwt", jwt],
    ["dev, which shares its Vault cluster", shared],
  ])("as %s declares it", async (_which, settings) => {
    const registered = await programOf(settings);
    expect(registered.length).toBeGreaterThan(20);
    expect(packFindings(registered, stackOf(settings))).toEqual([]);
  });

  it("with values that are generated, and in production named", async () => {
    const data = { password: generated("password"), token: generated("token") };
    const places = ["llm/db#password", "llm/db#token"];
    const production = parseSettings(productionWith(data, places), "Pulumi.prod.yaml");
    for (const settings of [settingsWithData(data), production]) {
      const registered = await programOf(settings);
      expect(registered.filter(({ type }) => type === "vault:kv/secretV2:SecretV2")).toHaveLength(1);
      expect(packFindings(registered, stackOf(settings))).toEqual([]);
    }
    expect(packFindings(await programOf(production), { ...stackOf(production), generated: [] })).toEqual([
      "kv-values kv-prod/llm/db",
    ]);
  });

  it("with databases, in production too", async () => {
    const roles = { "orders-app": app, "orders-pair": pair, batch };
    for (const settings of [databaseSettings({ roles }), databaseSettings({ roles, stack: "prod" })]) {
      const registered = await programOf(settings);
      expect(registered.filter(({ type }) => type.startsWith("vault:database/"))).toHaveLength(5);
      expect(packFindings(registered, stackOf(settings))).toEqual([]);
    }
  });

  it("with keys that rotate, by either method", async () => {
    const rotation = rotating();
    const { kubernetes, vault } = jwt;
    for (const settings of [rotation, { ...rotation, kubernetes, vault }]) {
      const registered = await programOf(settings);
      expect(registered.filter(({ type }) => type === "kubernetes:batch/v1:CronJob")).toHaveLength(2);
      expect(packFindings(registered, stackOf(settings))).toEqual([]);
    }
  });

  it("as prod declares it", () => {
    expect(packFindings(resources, stack)).toEqual([]);
  });

  it("with any namespaces, in both tiers", { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(
        rawNamespaces,
        fc.constantFrom("dev" as const, "prod" as const),
        async (raw, which) => {
          const namespaces = Object.entries(raw).map(([name, declared]) => [name, declared] as const);
          const settings = settingsWith(["namespaces"], Object.fromEntries(namespaces), which);
          expect(packFindings(await programOf(settings), stackOf(settings))).toEqual([]);
        },
      ),
      { numRuns: 10 },
    );
  });

  it("in a preview that knows no value yet", () => {
    const blank = resources.map((resource) => ({
      ...resource,
      props: Object.fromEntries(Object.keys(resource.props).map((key) => [key, UNKNOWN])),
    }));
    expect(packFindings(blank, stack)).toEqual([]);
  });
});

/** The program's resources of prod with one of them changed. */
function changed(
  type: string,
  change: (resource: ResourceView) => Partial<ResourceView>,
  name?: string,
): readonly ResourceView[] {
  const at = resources.findIndex((one) => one.type === type && (name === undefined || one.name === name));
  const found = resources[at];
  if (found === undefined) throw new Error(`the program has no ${type}`);
  return resources.with(at, { ...found, ...change(found) });
}

function having(type: string, props: Readonly<Record<string, unknown>>, name?: string) {
  return changed(type, (resource) => ({ props: { ...resource.props, ...props } }), name);
}

const POLICY = "vault:index/policy:Policy";
const ROLE = "vault:kubernetes/authBackendRole:AuthBackendRole";
const AUDIT = "vault:index/audit:Audit";
const STORE = "kubernetes:external-secrets.io/v1:SecretStore";
const SERVICE = "voyager-platform-prod.llm.llm-gateway";
const LLM = "voyager-platform-prod-llm";

describe("the pack refuses the program with", () => {
  it.each([
    [
      "an exact path made a prefix",
      changed(
        POLICY,
        ({ props }) => ({ props: { ...props, policy: String(props.policy).replace('openai"', '*"') } }),
        SERVICE,
      ),
      [`workload-policies ${SERVICE}`],
    ],
    [
      "a read made a write",
      changed(
        POLICY,
        ({ props }) => ({ props: { ...props, policy: String(props.policy).replace('"read"', '"update"') } }),
        SERVICE,
      ),
      [`workload-policies ${SERVICE}`],
    ],
    [
      "a role for any service account",
      having(ROLE, { boundServiceAccountNames: ["*"] }, LLM),
      [`bound-roles ${LLM}`],
    ],
    ["a role without an audience", having(ROLE, { audience: undefined }, LLM), [`bound-roles ${LLM}`]],
    [
      "the default policy",
      having(ROLE, { tokenNoDefaultPolicy: undefined }, LLM),
      [`no-default-policy ${LLM}`],
    ],
    ["tokens of a day", having(ROLE, { tokenMaxTtl: 86_400 }, LLM), [`token-lifetimes ${LLM}`]],
    [
      "one audit device",
      resources.filter(({ type, name }) => type !== AUDIT || name !== "secondary"),
      ["audit-devices stack"],
    ],
    ["no audit device", resources.filter(({ type }) => type !== AUDIT), ["audit-devices stack"]],
    [
      "raw values in the audit log",
      having(AUDIT, { options: { file_path: "/var/log/vault/audit.log", log_raw: "true" } }, "primary"),
      ["raw-audit primary"],
    ],
    [
      "a key that is not hashed in the audit log",
      having("vault:index/mount:Mount", { auditNonHmacResponseKeys: ["data"] }),
      ["audit-hmac-keys kv-prod"],
    ],
    [
      "an unprotected mount",
      changed("vault:index/mount:Mount", () => ({ protect: false })),
      ["protected-mounts kv-prod"],
    ],
    [
      "an unprotected auth method",
      changed("vault:index/authBackend:AuthBackend", () => ({ protect: false })),
      ["protected-mounts kubernetes-prod"],
    ],
    [
      "a token pasted into a chart value",
      having("kubernetes:helm.sh/v3:Release", { values: { env: { VAULT_TOKEN: `hvs.${"aB3".repeat(9)}` } } }),
      ["plain-secrets external-secrets"],
    ],
    [
      "a store outside its component",
      changed(STORE, ({ urn }) => ({ urn: urn.replace(/[^:$]+:[^:$]+:[^:$]+\$/, "") })),
      ["external-secrets-in-components llm/vault-store"],
    ],
  ])("%s", (_what, mutated, findings) => {
    expect(packFindings(mutated, stack)).toEqual(findings);
  });
});

it("passes a stack of other providers, whatever their resources hold", () => {
  const props = fc.dictionary(
    fc.string(),
    fc.oneof(fc.jsonValue(), fc.constant(UNKNOWN), fc.array(fc.constant(UNKNOWN))),
  );
  const type = fc.constantFrom(
    "aws:s3/bucket:Bucket",
    "random:index/randomPassword:RandomPassword",
    "pulumi:providers:aws",
    "pulumi:pulumi:Stack",
    "kubernetes:core/v1:ConfigMap",
    "no type at all",
    "",
  );
  const other = fc.record({ urn: fc.string(), type, name: fc.string(), props, protect: fc.boolean() });
  fc.assert(
    fc.property(fc.array(other), fc.constantFrom("dev", "prod"), (all, name) => {
      expect(packFindings(all, { name })).toEqual([]);
    }),
  );
});

it("survives resources of Vault that hold anything at all", () => {
  const types = [...new Set(resources.map(({ type }) => type))];
  const keys = fc.constantFrom(
    ...new Set(resources.flatMap(({ props }) => Object.keys(props))),
    "tokenPeriod",
  );
  const props = fc.dictionary(keys, fc.oneof(fc.anything(), fc.constant(UNKNOWN)));
  const any = fc.record({
    urn: fc.string(),
    type: fc.constantFrom(...types),
    name: fc.string(),
    props,
    protect: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(any), (all) => {
      expect(packFindings(all, { name: "prod" })).toBeInstanceOf(Array);
    }),
  );
});

it("says which resource, which rule, what is wrong and how to mend it", () => {
  const [role] = having(ROLE, { audience: "" }, LLM).filter(({ name }) => name === LLM);
  const rule = resourceRules.find(({ name }) => name === "bound-roles");
  const [violation] = (role && rule?.check(role, {}, stack)) ?? [];
  if (!role || !rule || !violation) throw new Error("refused above");
  expect(messageOf(rule.name, subjectOf(role), violation)).toBe(
    'bound-roles: vault:kubernetes/authBackendRole:AuthBackendRole "voyager-platform-prod-llm" has no audience: ' +
      "any token that the cluster accepts logs in. Fix: set audience, e.g. vault, and request tokens for it.",
  );
});

it("names each rule once, in words that Pulumi takes", () => {
  const names = [...resourceRules, plainSecrets, auditDevices].map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const name of names) expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/);
});
