import { readFile } from "node:fs/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { admissionPolicies } from "../../../components/external-secrets/admission/policies.ts";
import { policyNames } from "../../../components/external-secrets/admission/policy.ts";
import { neededCrds } from "../../../components/external-secrets/crds.ts";
import { roleName } from "../../../components/vault/roles.ts";
import { clusterKinds, generatorKinds } from "../../../config/admission.ts";
import type { Settings } from "../../../config/schema.ts";
import { anySettings, settingsOf, settingsWith } from "../arbitrary-settings.ts";
import { esoManifests } from "../eso-crds.ts";

/** What the API server compiles at most, and what etcd stores at most. */
const EXPRESSION_CHARACTERS = 100_000;
const OBJECT_BYTES = 1_000_000;

const dev = settingsOf("dev");

function policy(settings: Settings, what: string) {
  const name = `vault-management-${settings.environment}-${what}`;
  const found = admissionPolicies(settings).find((one) => one.policy.metadata.name === name);
  if (found === undefined) throw new Error(`no policy ${name}`);
  return found.policy;
}

function namespacesOf({ spec }: ReturnType<typeof policy>): readonly string[] | undefined {
  return spec.matchConstraints.namespaceSelector?.matchExpressions[0]?.values;
}

/** The map that a policy's variables of that name hold together: their CEL is JSON. */
function tableOf({ spec }: ReturnType<typeof policy>, name: string): Readonly<Record<string, unknown>> {
  const parts = spec.variables.filter((one) => new RegExp(`^${name}\\d+$`).test(one.name));
  return Object.assign({}, ...parts.map(({ expression }) => JSON.parse(expression)));
}

function expressionsOf({ spec }: ReturnType<typeof policy>): readonly string[] {
  return [
    ...spec.variables.map(({ expression }) => expression),
    ...spec.validations.flatMap(({ expression, messageExpression }) => [expression, messageExpression]),
  ];
}

describe("every policy", () => {
  const all = admissionPolicies(dev);

  it("refuses when it cannot be evaluated, and its binding denies and notes it", () => {
    const withoutRestarts = policyNames("dev").filter((name) => name !== "vault-management-dev-rotators");
    expect(all.map(({ policy: { metadata } }) => metadata.name)).toEqual(withoutRestarts);
    for (const { policy: one, binding } of all) {
      expect(one.spec.failurePolicy).toBe("Fail");
      expect(binding.metadata).toEqual(one.metadata);
      expect(binding.spec).toEqual({
        policyName: one.metadata.name,
        validationActions: ["Deny", "Audit"],
      });
    }
  });

  it("looks at creations and changes of specs: no deletion, no status, no finalizer", () => {
    for (const { policy: one } of all) {
      for (const { operations, resources } of one.spec.matchConstraints.resourceRules) {
        expect(operations).toEqual(["CREATE", "UPDATE"]);
        expect(resources.filter((resource) => resource.includes("/"))).toEqual([]);
      }
      expect(one.spec.matchConditions).toEqual([
        { name: "new-spec", expression: expect.stringContaining("!= dyn(oldObject).?spec") },
      ]);
    }
  });

  it("says in one line which field, what was found, what is allowed and what to do", () => {
    for (const { messageExpression, message, reason } of all.flatMap((one) => one.policy.spec.validations)) {
      expect(messageExpression).toMatch(/: found ".*"; allowed: ".*; fix: /);
      expect(`${message}${messageExpression}`).not.toContain("\n");
      expect(reason).toBe("Forbidden");
    }
  });

  it("has a name that no policy of another environment can have", () => {
    const environments = ["dev", "dev-cluster", "dev-external", "dev-namespaced", "cluster", "a-stores"];
    const names = environments.flatMap(policyNames);
    expect(new Set(names).size).toBe(names.length);
  });

  it("stays within what the API server takes, for 500 namespaces of 4 isolated services", () => {
    const services = Object.fromEntries(
      [1, 2, 3, 4].map((n) => [`service-${n}`, { secrets: { [`secret-${n}`]: { data: { key: "a/b#c" } } } }]),
    );
    const many = Object.fromEntries(
      Array.from({ length: 500 }, (_, n) => [`a-rather-long-name-${n}`, { isolation: "service", services }]),
    );
    const settings = settingsWith(["namespaces"], many);
    for (const { policy: one } of admissionPolicies(settings)) {
      expect(JSON.stringify(one).length).toBeLessThan(OBJECT_BYTES);
      for (const expression of expressionsOf(one)) {
        expect(expression.length).toBeLessThan(EXPRESSION_CHARACTERS);
      }
    }
    expect(Object.keys(tableOf(policy(settings, "stores"), "stores"))).toHaveLength(2_000);
  });
});

describe("the namespaced policies", () => {
  it("hold in the declared namespaces and no other, and know every declared store and nothing else", () => {
    fc.assert(
      fc.property(anySettings, (settings) => {
        const { namespaces, vault } = settings;
        if (namespaces.length === 0) {
          expect(admissionPolicies(settings)).toHaveLength(1);
          return;
        }
        const names = namespaces.map(({ name }) => name);
        for (const what of ["stores", "external-secrets", "namespaced-kinds"]) {
          expect(namespacesOf(policy(settings, what))).toEqual(names);
        }
        const stores = namespaces.flatMap((namespace) =>
          namespace.stores.map((store) => [
            `${namespace.name}/${store.name}`,
            {
              account: store.serviceAccount,
              role: roleName(vault.auth.rolePrefix, namespace, store),
              mount: namespace.mount,
            },
          ]),
        );
        expect(tableOf(policy(settings, "stores"), "stores")).toEqual(Object.fromEntries(stores));
        expect(tableOf(policy(settings, "external-secrets"), "names")).toEqual(
          Object.fromEntries(namespaces.map(({ name, stores: own }) => [name, own.map((one) => one.name)])),
        );
      }),
    );
  });

  it("let the declared deployer change the stack's own objects; where none is declared, whoever may change the policy", () => {
    const own = (settings: Settings) => policy(settings, "stores").spec.variables[0];
    expect(own(dev)).toEqual({
      name: "own",
      expression:
        'dyn(object).metadata.?labels[?"vault-management/environment"].orValue("") == "dev" && ' +
        '"vault-management:dev:deployer" in request.userInfo.groups',
    });
    const nobody = own(settingsWith(["operators", "kubernetes"], undefined));
    expect(nobody?.expression).toContain('.name("vault-management-dev-stores").check("update").allowed()');
  });

  it("let nobody change what every store must be", () => {
    const { validations } = policy(dev, "stores").spec;
    const open = validations.filter(({ expression }) => expression.startsWith("variables.own ||"));
    const words = open.map(({ message }) => message.split(" is not as declared")[0]);
    expect(words).not.toContain("spec.provider");
    expect(words).not.toContain("spec.provider.vault");
    expect(open.length).toBeLessThan(validations.length);
  });
});

describe("kinds", () => {
  it("are all that ESO's release has, but for those that the stack writes", async () => {
    const { crds } = await esoManifests();
    const documents = parseAllDocuments(await readFile(crds, "utf8"));
    const kinds = (Array.isArray(documents) ? documents : [])
      .map((one) => one.toJSON())
      .filter(({ metadata }) => !neededCrds.includes(metadata.name))
      .map(({ spec }) => String(spec.names.kind));
    const refused: readonly string[] = ["PushSecret", ...clusterKinds, ...generatorKinds];
    expect(kinds.filter((kind) => !refused.includes(kind))).toEqual([]);
    expect(kinds.length).toBeGreaterThan(15);
  });

  it("without a namespace are refused by the stack that manages ESO, and by no other", () => {
    const existing = settingsWith(["externalSecrets", "mode"], "existing");
    const names = (settings: Settings) =>
      admissionPolicies(settings).map(({ policy: { metadata } }) => metadata.name);
    expect(names(dev)).toContain("vault-management-dev-cluster-kinds");
    expect(names(existing)).not.toContain("vault-management-dev-cluster-kinds");
    expect(policy(dev, "cluster-kinds").spec.matchConstraints).toMatchObject({
      resourceRules: [{ scope: "Cluster" }, { scope: "Cluster" }],
    });
    expect(namespacesOf(policy(dev, "cluster-kinds"))).toBeUndefined();
  });

  it("that are allowed pass; and with a generator ESO's own GeneratorState, nobody else's", () => {
    const allowing = settingsWith(["externalSecrets", "admission", "allow"], ["Password"]);
    const [state, kind] = policy(allowing, "namespaced-kinds").spec.validations;
    expect(kind?.expression).toContain(
      'request.kind.kind in ["Password", "GeneratorState", "VaultDynamicSecret"]',
    );
    expect(state?.expression).toBe(
      'request.kind.kind != "GeneratorState" || ' +
        'request.userInfo.username == "system:serviceaccount:vault:external-secrets"',
    );
    expect(policy(dev, "namespaced-kinds").spec.validations).toHaveLength(1);
    const pushing = settingsWith(["externalSecrets", "admission", "allow"], ["PushSecret"]);
    expect(policy(pushing, "namespaced-kinds").spec.validations).toHaveLength(1);
  });
});
