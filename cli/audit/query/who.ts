import type { Access } from "../../../audit/entry/access.ts";
import { isLoginPath } from "../../../audit/entry/vault.ts";
import { verbatim } from "../log/prefilter.ts";
import type { Query } from "./query.ts";

/** Why a refused login is shown to whoever asks about an identity: nobody can tell whose it was. */
export const UNNAMED_LOGIN = "refused login: Vault hashes role and token";

/**
 * Everything that one identity did in either log: `<namespace>/<service account>`, or an operator by Vault's display name
 * (with or without the mount in front), entity id, or Kubernetes user name; or whoever logged in with a role, by which alerts
 * name them. Refused logins name nobody, so all are shown.
 */
export function whoQuery(name: string): Query {
  const [namespace, account, ...more] = name.split("/");
  const isAccount = account !== undefined && more.length === 0 && namespace !== "" && account !== "";
  // Both logs write a service account as one text somewhere, and the kubernetes method as two.
  const joined = `:${namespace}:${account}"`;
  const [one, other] = isAccount
    ? [
        [`"${namespace}"`, joined],
        [`"${account}"`, joined],
      ]
    : [[verbatim(`${name}"`)], [verbatim(`${name}"`)]];
  return {
    noun: "request",
    // A refused login has an error, beside the request or hashed in the answer's data.
    clauses: [
      [...one, '"error"'],
      [...other, '"auth/'],
    ],
    keep: (access) => {
      if (access.who.kind === "nobody") return isRefusedLogin(access) ? [UNNAMED_LOGIN] : undefined;
      return isIdentity(access, name) ? [] : undefined;
    },
  };
}

function isIdentity({ source, who }: Access, name: string): boolean {
  if (who.name === name || who.entityId === name || who.role === name) return true;
  return source === "vault" && who.kind === "operator" && who.name.endsWith(`-${name}`);
}

function isRefusedLogin({ source, path, outcome }: Access): boolean {
  return source === "vault" && isLoginPath(path) && outcome === "denied";
}
