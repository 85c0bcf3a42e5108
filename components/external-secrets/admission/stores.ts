import type { Settings } from "../../../config/schema.ts";
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

const VAULT = "spec.provider.vault";

/**
 * What a SecretStore of a declared namespace may be: the stack's own, to the declared Vault, with the login of the
 * namespace's own service account. Whatever else ESO or a later release of it could be told in a store is refused, since
 * ESO would present the tokens that it mints, or values of other stores, to whomever the store names.
 */
export function storesPolicy(settings: Settings) {
  const expected = expectedStores(settings);
  return policyManifest(settings, {
    subject: "stores",
    resources: [{ apiGroups: ["external-secrets.io"], apiVersions: ["v1"], resources: ["secretstores"] }],
    namespaces: settings.namespaces.map(({ name }) => name),
    variables: [
      ...loginVariables("dyn(object.spec).provider.?vault.orValue({})"),
      ...expected.variables,
      {
        name: "expected",
        expression: expected.lookup(
          "request.namespace + '/' + object.metadata.name",
          '{"account": "", "role": "", "mount": ""}',
        ),
      },
    ],
    structure: structureRules(),
    declared: declaredRules(settings),
  });
}

/** Namespace and name of each declared store -> the service account, role and mount that belong to it. */
function expectedStores(settings: Settings) {
  return table(
    "stores",
    settings.namespaces.flatMap((namespace) =>
      namespace.stores.map((store) => {
        const fields = { ...expectedLogin(settings, namespace, store), mount: namespace.mount };
        return [`${namespace.name}/${store.name}`, JSON.stringify(fields)] as const;
      }),
    ),
  );
}

function structureRules(): readonly Rule[] {
  return [
    {
      field: "spec.provider",
      holds: 'dyn(object.spec).provider.all(name, name == "vault")',
      found: 'dyn(object.spec).provider.map(name, name).join(", ")',
      allowed: text("vault"),
      fix: "read this namespace's secrets from Vault; another provider belongs into a namespace that this stack does not declare",
    },
    fieldsRule("spec", "dyn(object.spec)", ["provider", "refreshInterval", "retrySettings"]),
    ...loginStructure(VAULT),
  ];
}

function declaredRules(settings: Settings): readonly Rule[] {
  return [
    {
      field: "metadata.name",
      holds: 'variables.expected.account != ""',
      found: "object.metadata.name",
      allowed: text("the stores that the stack declares for this namespace"),
      fix: "declare it: namespaces.<namespace>.store",
    },
    ...serverRules(VAULT, settings),
    equal(`${VAULT}.path`, 'variables.vault.?path.orValue("")', "variables.expected.mount"),
    ...loginRules(VAULT, settings),
  ];
}
