import { requestPath } from "../../../config/reads.ts";
import type { Settings } from "../../../config/schema.ts";
import { generatorsOf } from "../dynamic-secret.ts";
import { type Rule, table, text } from "./cel.ts";
import {
  equal,
  expectedLogin,
  fieldsRule,
  loginRules,
  loginStructure,
  loginVariables,
  serverRules,
} from "./login.ts";
import { policyManifest } from "./policy.ts";

const PROVIDER = "spec.provider";
const NAME = "request.namespace + '/' + object.metadata.name";
const NONE = { account: "", role: "", path: "", method: "" };

/**
 * What a VaultDynamicSecret of a declared namespace may be: the stack's own, which asks the declared Vault for the declared
 * path, with the login of the namespace's own service account. As with stores, whatever else ESO could be told is refused.
 */
export function dynamicSecretsPolicy(settings: Settings) {
  const { logins, parameters } = expectedGenerators(settings);
  return policyManifest(settings, {
    subject: "dynamic-secrets",
    resources: [
      {
        apiGroups: ["generators.external-secrets.io"],
        apiVersions: ["v1alpha1"],
        resources: ["vaultdynamicsecrets"],
      },
    ],
    namespaces: settings.namespaces.map(({ name }) => name),
    variables: [
      { name: "spec", expression: "dyn(object).?spec.orValue({})" },
      ...loginVariables("variables.spec.?provider.orValue({})"),
      ...logins.variables,
      ...parameters.variables,
      { name: "expected", expression: logins.lookup(NAME, JSON.stringify(NONE)) },
      { name: "parameters", expression: parameters.lookup(NAME, "{}") },
    ],
    structure: structureRules(),
    declared: declaredRules(settings),
  });
}

/** CEL's maps hold values of one type: what a generator asks, and the fields that it sends, are two tables. */
function expectedGenerators(settings: Settings) {
  const all = settings.namespaces.flatMap((namespace) =>
    generatorsOf(namespace).map(({ store, generator }) => ({
      key: `${namespace.name}/${generator.name}`,
      fields: {
        ...expectedLogin(settings, namespace, store),
        path: requestPath(generator),
        method: generator.method,
      },
      parameters: generator.parameters ?? {},
    })),
  );
  const rows = (value: (one: (typeof all)[number]) => unknown) =>
    all.map((one) => [one.key, JSON.stringify(value(one))] as const);
  return {
    logins: table(
      "generators",
      rows(({ fields }) => fields),
    ),
    parameters: table(
      "sent",
      rows(({ parameters }) => parameters),
    ),
  };
}

function structureRules(): readonly Rule[] {
  return [
    // Not controller: another ESO than the stack's would make the request.
    fieldsRule("spec", "variables.spec", [
      "method",
      "parameters",
      "resultType",
      "retrySettings",
      "provider",
      "path",
      "allowEmptyResponse",
    ]),
    ...loginStructure(PROVIDER),
    {
      field: "spec.resultType",
      // The answer's `auth` would be a token of Vault's.
      holds: 'variables.spec.?resultType.orValue("Data") == "Data"',
      found: "variables.spec.resultType",
      allowed: text("Data"),
      fix: "take the data of the answer",
    },
  ];
}

function declaredRules(settings: Settings): readonly Rule[] {
  return [
    {
      field: "metadata.name",
      holds: 'variables.expected.account != ""',
      found: "object.metadata.name",
      allowed: text("the dynamic secrets that the stack declares for this namespace"),
      fix: "declare it: namespaces.<namespace>.services.<service>, under secrets or certificates",
    },
    ...serverRules(PROVIDER, settings),
    ...loginRules(PROVIDER, settings),
    equal("spec.path", 'variables.spec.?path.orValue("")', "variables.expected.path"),
    equal("spec.method", 'variables.spec.?method.orValue("GET")', "variables.expected.method"),
    {
      field: "spec.parameters",
      holds: "variables.spec.?parameters.orValue({}) == variables.parameters",
      found: 'variables.spec.?parameters.orValue({}).map(name, name).join(", ")',
      allowed: text("the declared parameters, with their values"),
      fix: "take the object as the stack declares it, or change the declaration",
    },
  ];
}
