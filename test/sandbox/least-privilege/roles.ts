import { expect, it } from "vitest";
import { servicePolicies, sessionPolicy } from "../../../components/vault/policies.ts";
import { jwtRole, kubernetesRole, storeAccount } from "../../../components/vault/roles.ts";
import type { Settings } from "../../../config/schema.ts";
import { body } from "../../../resources/values.ts";
import { authMounts, logins, type StackName } from "./declared.ts";
import type { Stacks } from "./ground.ts";

/** What Vault has in each role beside what is declared: its own defaults, field by field. */
const defaults = {
  kubernetes: {
    alias_name_source: "serviceaccount_uid",
    bound_service_account_namespace_selector: "",
    token_explicit_max_ttl: 0,
    token_num_uses: 0,
    token_period: 0,
  },
  jwt: {
    allowed_redirect_uris: null,
    bound_claims: null,
    bound_claims_type: "string",
    claim_mappings: null,
    clock_skew_leeway: 0,
    expiration_leeway: 0,
    groups_claim: "",
    max_age: 0,
    not_before_leeway: 0,
    oidc_scopes: null,
    token_explicit_max_ttl: 0,
    token_num_uses: 0,
    token_period: 0,
    user_claim_json_pointer: false,
    verbose_oidc_logging: false,
  },
} as const;

/** Roles and policies as Vault has them, whole: it ignores misspelt fields, so what was sent proves nothing. */
export function roleChecks(stacks: () => Stacks): void {
  const named = Object.entries(authMounts) as readonly (readonly [StackName, string])[];

  it.each(named)("%s: the roles on auth/%s are the declared ones, to the field", async (stack, mount) => {
    const settings = await stacks().settings(stack);
    expect(await table(stacks(), `auth/${mount}/role`)).toEqual(declaredRoles(settings));
  });

  it.each(named)("%s: the policies of its prefix are the declared ones, to the letter", async (stack) => {
    const settings = await stacks().settings(stack);
    const { rolePrefix } = settings.vault.auth;
    const found = await table(stacks(), "sys/policies/acl", (name) => name.startsWith(`${rolePrefix}.`));
    const declared = [
      sessionPolicy(rolePrefix, settings.environment),
      ...settings.namespaces.flatMap((namespace) => servicePolicies(rolePrefix, namespace)),
    ];
    const texts = Object.fromEntries(Object.entries(found).map(([name, { policy }]) => [name, policy]));
    expect(texts).toEqual(Object.fromEntries(declared.map(({ name, document }) => [name, document])));
    expect(Object.keys(texts).sort()).toEqual(policiesOf(stack));
  });

  it("a role, written out: one account of one namespace, one audience, no default policy", async () => {
    const role = await stacks().vault.read("auth/kubernetes/role/voyager-platform-beta.api");
    expect(sorted(role ?? {})).toEqual({
      alias_name_source: "serviceaccount_uid",
      audience: "vault",
      bound_service_account_names: ["vault-store-api"],
      bound_service_account_namespace_selector: "",
      bound_service_account_namespaces: ["beta"],
      token_bound_cidrs: [],
      token_explicit_max_ttl: 0,
      token_max_ttl: 1800,
      token_no_default_policy: true,
      token_num_uses: 0,
      token_period: 0,
      token_policies: ["voyager-platform.beta.api", "voyager-platform.session"],
      token_ttl: 600,
      token_type: "service",
    });
  });
}

function policiesOf(stack: StackName): readonly string[] {
  const own = logins.filter((login) => login.stack === stack);
  return [...new Set(own.flatMap(({ policies }) => policies))].sort();
}

function declaredRoles(settings: Settings): Readonly<Record<string, unknown>> {
  const { method } = settings.vault.auth;
  const role = method === "kubernetes" ? kubernetesRole : jwtRole;
  const all = settings.namespaces.flatMap((namespace) =>
    namespace.stores.map((store) => {
      const declared = role(settings, storeAccount(settings, namespace, store));
      return [
        declared.roleName,
        { ...defaults[method], ...sorted(body({ ...declared }, ["roleName"])) },
      ] as const;
    }),
  );
  return Object.fromEntries(all);
}

/** Everything that a LIST of the path names, read; lists in it sorted, since Vault keeps no order of them. */
async function table(
  { vault }: Stacks,
  path: string,
  wanted: (name: string) => boolean = () => true,
): Promise<Readonly<Record<string, Readonly<Record<string, unknown>>>>> {
  const names = ((await vault.list(path)) ?? []).filter(wanted);
  const entries = names.map(
    async (name) => [name, sorted((await vault.read(`${path}/${name}`)) ?? {})] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
}

function sorted(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, Array.isArray(value) ? value.toSorted() : value]),
  );
}
