import {
  type Access,
  type Fields,
  fields,
  type Identity,
  type Outcome,
  optional,
  serviceAccountIn,
  textOf,
} from "./access.ts";
import { isDenial, reasonOf } from "./reason.ts";

/** Whether a JSON object is an entry of a Vault audit device (https://developer.hashicorp.com/vault/docs/audit/schema). */
export function isVaultEntry(entry: Fields): boolean {
  return (
    (entry.type === "request" || entry.type === "response") &&
    textOf(entry.time) !== undefined &&
    textOf(fields(entry.request).id) !== undefined
  );
}

/** A request's entry or its answer's; the answer repeats all that the request had. */
export function vaultAccess(entry: Fields): Access {
  const request = fields(entry.request);
  const id = String(request.id);
  const time = String(entry.time);
  return {
    source: "vault",
    id,
    key: id,
    time,
    writtenMs: Date.parse(time),
    who: identity(entry),
    operation: textOf(request.operation) ?? "unknown",
    path: `${textOf(fields(request.namespace).path) ?? ""}${textOf(request.path) ?? ""}`,
    ...optional("version", versionOf(fields(fields(entry.response).data))),
    ...verdict(entry),
    ...optional("remoteAddress", textOf(request.remote_address)),
    ...optional("mountType", textOf(request.mount_type)),
  };
}

/** The token's owner; of a login, which has no token yet, who it let in. */
function identity(entry: Fields): Identity {
  const asked = fields(entry.auth);
  const auth = textOf(asked.display_name) === undefined ? fields(fields(entry.response).auth) : asked;
  const name = textOf(auth.display_name);
  const metadata = fields(auth.metadata);
  const [namespace, account] = [metadata.service_account_namespace, metadata.service_account_name].map(
    textOf,
  );
  const details = {
    ...optional("role", textOf(metadata.role)),
    ...optional("entityId", textOf(auth.entity_id)),
    ...optional("policies", Array.isArray(auth.policies) ? auth.policies.map(String) : undefined),
  };
  if (namespace !== undefined && account !== undefined) {
    return { kind: "service account", name: `${namespace}/${account}`, ...details };
  }
  if (name === undefined) return { kind: "nobody", name: "nobody named" };
  const ofJwt = serviceAccountIn(name); // the jwt method names the token's subject alone
  return ofJwt === undefined
    ? { kind: "operator", name, ...details }
    : { kind: "service account", name: ofJwt, ...details };
}

/** KV v2 says the version of a write beside the data, of a read within its metadata. Numbers are not hashed. */
function versionOf(data: Fields): number | undefined {
  const version = data.version ?? fields(data.metadata).version;
  return typeof version === "number" && version > 0 ? version : undefined;
}

function verdict(entry: Fields): { readonly outcome: Outcome; readonly reason?: string } {
  const error = textOf(entry.error);
  if (error !== undefined) {
    const refused = isDenial(error) || isLogin(entry);
    return { outcome: refused ? "denied" : "failed", reason: reasonOf(error) };
  }
  if (fields(fields(entry.auth).policy_results).allowed === false) return { outcome: "denied" };
  if (entry.type === "request") return { outcome: "unanswered" };
  const response = fields(entry.response);
  const data = fields(response.data);
  // An error that the engine itself answers with stands in the data, hashed.
  if (Object.keys(data).length === 1 && textOf(data.error) !== undefined) {
    return { outcome: isLogin(entry) ? "denied" : "failed", reason: "for a reason that Vault hashes" };
  }
  return { outcome: "allowed" };
}

/** A login of any auth method, OIDC's callback included. */
function isLogin(entry: Fields): boolean {
  return isLoginPath(textOf(fields(entry.request).path) ?? "");
}

export function isLoginPath(path: string): boolean {
  return /^auth\/.+\/(?:login(?:\/[^/]+)?|oidc\/callback)$/.test(path);
}
