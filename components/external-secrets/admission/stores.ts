import type { Settings } from "../../../config/schema.ts";
import { roleName } from "../../vault/roles.ts";
import { caBundle, loginAudiences } from "../store.ts";
import { type Cel, type Rule, table, text, texts, unknownFields } from "./cel.ts";
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
      { name: "vault", expression: "dyn(object.spec).provider.?vault.orValue({})" },
      { name: "auth", expression: "variables.vault.?auth.orValue({})" },
      { name: "kubernetes", expression: "variables.auth.?kubernetes.orValue({})" },
      { name: "jwt", expression: "variables.auth.?jwt.orValue({})" },
      { name: "jwtToken", expression: "variables.jwt.?kubernetesServiceAccountToken.orValue({})" },
      {
        name: "account",
        expression:
          "variables.kubernetes.?serviceAccountRef.or(variables.jwtToken.?serviceAccountRef).orValue({})",
      },
      {
        name: "audiences",
        expression: "variables.account.?audiences.orValue([]) + variables.jwtToken.?audiences.orValue([])",
      },
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
function expectedStores({ namespaces, vault }: Settings) {
  return table(
    "stores",
    namespaces.flatMap((namespace) =>
      namespace.stores.map((store) => {
        const role = roleName(vault.auth.rolePrefix, namespace, store);
        const fields = { account: store.serviceAccount, role, mount: namespace.mount };
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
    // Not caProvider, headers, namespace or tls: each names another trust, tenant or identity than the declared one.
    fieldsRule(VAULT, "variables.vault", ["server", "path", "version", "caBundle", "auth"]),
    {
      field: `${VAULT}.auth`,
      holds: 'size(variables.auth) == 1 && variables.auth.all(method, method in ["kubernetes", "jwt"])',
      found: 'variables.auth.map(method, method).join(", ")',
      allowed: text("kubernetes or jwt, and nothing beside it"),
      fix: "log in as the namespace's own service account; no secretRef, token, AppRole, user, certificate or cloud identity",
    },
    fieldsRule(`${VAULT}.auth.kubernetes`, "variables.kubernetes", [
      "mountPath",
      "role",
      "serviceAccountRef",
    ]),
    fieldsRule(`${VAULT}.auth.jwt`, "variables.jwt", ["path", "role", "kubernetesServiceAccountToken"]),
    fieldsRule(`${VAULT}.auth.jwt.kubernetesServiceAccountToken`, "variables.jwtToken", [
      "serviceAccountRef",
      "audiences",
      "expirationSeconds",
    ]),
    {
      field: `${VAULT}.auth: serviceAccountRef`,
      holds: 'variables.account.?name.orValue("") != ""',
      found: text("nothing"),
      allowed: text("the service account of the store"),
      fix: "name it; without one ESO would log in as itself",
    },
    fieldsRule(`${VAULT}.auth: serviceAccountRef`, "variables.account", ["name", "audiences"]),
  ];
}

function declaredRules(settings: Settings): readonly Rule[] {
  const { address, auth } = settings.vault;
  const bundle = caBundle(settings) ?? "";
  return [
    {
      field: "metadata.name",
      holds: 'variables.expected.account != ""',
      found: "object.metadata.name",
      allowed: text("the stores that the stack declares for this namespace"),
      fix: "declare it: namespaces.<namespace>.store",
    },
    equal(`${VAULT}.server`, "variables.vault.server", text(address)),
    equal(`${VAULT}.version`, 'variables.vault.?version.orValue("v2")', text("v2")),
    {
      field: `${VAULT}.caBundle`,
      holds: `variables.vault.?caBundle.orValue("") == ${text(bundle)}`,
      found: '"a bundle of " + string(size(variables.vault.?caBundle.orValue(""))) + " characters"',
      allowed: text(bundle === "" ? "none: the system's CAs" : "the declared CA, vault.caCertificate"),
      fix: "take the store as the stack declares it",
    },
    equal(`${VAULT}.path`, 'variables.vault.?path.orValue("")', "variables.expected.mount"),
    equal(`${VAULT}.auth`, 'variables.auth.map(method, method).join(", ")', text(auth.method)),
    equal(
      `${VAULT}.auth: mount`,
      'variables.kubernetes.?mountPath.or(variables.jwt.?path).orValue("")',
      text(auth.mount),
    ),
    equal(
      `${VAULT}.auth: role`,
      'variables.kubernetes.?role.or(variables.jwt.?role).orValue("")',
      "variables.expected.role",
    ),
    equal(
      `${VAULT}.auth: serviceAccountRef.name`,
      'variables.account.?name.orValue("")',
      "variables.expected.account",
    ),
    audiencesRule(loginAudiences(settings)),
  ];
}

/** A token for another audience would be one for another server. */
function audiencesRule(audiences: readonly string[]): Rule {
  return {
    field: `${VAULT}.auth: audiences`,
    holds: `variables.audiences.all(audience, audience in ${texts(audiences)})`,
    found: 'variables.audiences.join(", ")',
    allowed: text(audiences.join(", ")),
    fix: "take the store as the stack declares it",
  };
}

function fieldsRule(field: string, map: Cel, known: readonly string[]): Rule {
  return {
    field,
    holds: `size(${unknownFields(map, known)}) == 0`,
    found: `${unknownFields(map, known)}.join(", ")`,
    allowed: text(known.join(", ")),
    fix: "remove it: the store's login and trust are the stack's to declare",
  };
}

function equal(field: string, found: Cel, allowed: Cel): Rule {
  return {
    field,
    holds: `${found} == ${allowed}`,
    found,
    allowed,
    fix: "take the store as the stack declares it, or change the declaration",
  };
}
