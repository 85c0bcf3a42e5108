import type { NamespaceSettings, Settings, StoreSettings } from "../../../config/schema.ts";
import { roleName } from "../../vault/roles.ts";
import { caBundle, loginAudiences } from "../store.ts";
import { type Cel, type Rule, text, texts, unknownFields, type Variable } from "./cel.ts";

/** Whom a store logs in as, in CEL's terms; what admission expects of stores and of generators alike. */
export function expectedLogin({ vault }: Settings, namespace: NamespaceSettings, store: StoreSettings) {
  return {
    account: store.serviceAccount,
    role: roleName(vault.auth.rolePrefix, namespace, store),
  };
}

/** What the rules below look at. @param vault CEL of ESO's VaultProvider */
export function loginVariables(vault: Cel): readonly Variable[] {
  return [
    { name: "vault", expression: vault },
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
  ];
}

/** That it is a login of a service account of the namespace, and nothing beside it. @param at field of the VaultProvider */
export function loginStructure(at: string): readonly Rule[] {
  return [
    // Not caProvider, headers, namespace or tls: each names another trust, tenant or identity than the declared one.
    fieldsRule(at, "variables.vault", ["server", "path", "version", "caBundle", "auth"]),
    {
      field: `${at}.auth`,
      holds: 'size(variables.auth) == 1 && variables.auth.all(method, method in ["kubernetes", "jwt"])',
      found: 'variables.auth.map(method, method).join(", ")',
      allowed: text("kubernetes or jwt, and nothing beside it"),
      fix: "log in as the namespace's own service account; no secretRef, token, AppRole, user, certificate or cloud identity",
    },
    fieldsRule(`${at}.auth.kubernetes`, "variables.kubernetes", ["mountPath", "role", "serviceAccountRef"]),
    fieldsRule(`${at}.auth.jwt`, "variables.jwt", ["path", "role", "kubernetesServiceAccountToken"]),
    fieldsRule(`${at}.auth.jwt.kubernetesServiceAccountToken`, "variables.jwtToken", [
      "serviceAccountRef",
      "audiences",
      "expirationSeconds",
    ]),
    {
      field: `${at}.auth: serviceAccountRef`,
      holds: 'variables.account.?name.orValue("") != ""',
      found: text("nothing"),
      allowed: text("the service account of the store"),
      fix: "name it; without one ESO would log in as itself",
    },
    fieldsRule(`${at}.auth: serviceAccountRef`, "variables.account", ["name", "audiences"]),
  ];
}

/** That it goes to the declared Vault, which it trusts by the declared CA. */
export function serverRules(at: string, settings: Settings): readonly Rule[] {
  const bundle = caBundle(settings) ?? "";
  return [
    equal(`${at}.server`, "variables.vault.server", text(settings.vault.address)),
    equal(`${at}.version`, 'variables.vault.?version.orValue("v2")', text("v2")),
    {
      field: `${at}.caBundle`,
      holds: `variables.vault.?caBundle.orValue("") == ${text(bundle)}`,
      found: '"a bundle of " + string(size(variables.vault.?caBundle.orValue(""))) + " characters"',
      allowed: text(bundle === "" ? "none: the system's CAs" : "the declared CA, vault.caCertificate"),
      fix: "take the object as the stack declares it",
    },
  ];
}

/** That it logs in as `variables.expected` says: {@link expectedLogin}. */
export function loginRules(at: string, settings: Settings): readonly Rule[] {
  const { auth } = settings.vault;
  return [
    equal(`${at}.auth`, 'variables.auth.map(method, method).join(", ")', text(auth.method)),
    equal(
      `${at}.auth: mount`,
      'variables.kubernetes.?mountPath.or(variables.jwt.?path).orValue("")',
      text(auth.mount),
    ),
    equal(
      `${at}.auth: role`,
      'variables.kubernetes.?role.or(variables.jwt.?role).orValue("")',
      "variables.expected.role",
    ),
    equal(
      `${at}.auth: serviceAccountRef.name`,
      'variables.account.?name.orValue("")',
      "variables.expected.account",
    ),
    audiencesRule(at, loginAudiences(settings)),
  ];
}

/** A token for another audience would be one for another server. */
function audiencesRule(at: string, audiences: readonly string[]): Rule {
  return {
    field: `${at}.auth: audiences`,
    holds: `variables.audiences.all(audience, audience in ${texts(audiences)})`,
    found: 'variables.audiences.join(", ")',
    allowed: text(audiences.join(", ")),
    fix: "take the object as the stack declares it",
  };
}

/** That a map has no other fields. */
export function fieldsRule(field: string, map: Cel, known: readonly string[]): Rule {
  return {
    field,
    holds: `size(${unknownFields(map, known)}) == 0`,
    found: `${unknownFields(map, known)}.join(", ")`,
    allowed: text(known.join(", ")),
    fix: "remove it: login and trust are the stack's to declare",
  };
}

export function equal(field: string, found: Cel, allowed: Cel): Rule {
  return {
    field,
    holds: `${found} == ${allowed}`,
    found,
    allowed,
    fix: "take the object as the stack declares it, or change the declaration",
  };
}
