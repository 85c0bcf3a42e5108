/** Who asked. A service account is the same identity in both logs; `nobody` is a request without a token that Vault knows. */
export interface Identity {
  readonly kind: "service account" | "operator" | "kubernetes user" | "nobody";
  /** `namespace/name` of a service account; Vault's display name of an operator; the Kubernetes user name. */
  readonly name: string;
  /** The role of the login, where the auth method says it. */
  readonly role?: string;
  readonly entityId?: string;
  /** Policies of the Vault token. */
  readonly policies?: readonly string[];
  /** The Kubernetes user who acted as this one. */
  readonly impersonatedBy?: string;
  /** The pod whose token a service account came with, where it is one of a pod. */
  readonly pod?: string;
}

/** `unanswered`: the log has the request and no answer to it. `failed`: refused for another reason than a missing right. */
export type Outcome = "allowed" | "denied" | "failed" | "unanswered";

/** The object of a Kubernetes request; no name or namespace means all of them. */
export interface KubernetesObject {
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
}

/** One request, as one entry of either log tells it. No value is in it, hashed or not. */
export interface Access {
  readonly source: "vault" | "kubernetes";
  /** Vault's request id, or the Kubernetes auditID. */
  readonly id: string;
  /** What two entries of one request have in common, and no two requests. */
  readonly key: string;
  /** RFC 3339, as the log has it: of a Kubernetes request when it came. */
  readonly time: string;
  /** When the entry itself was written, in ms since 1970: a log is in this order. */
  readonly writtenMs: number;
  readonly who: Identity;
  readonly operation: string;
  /** Vault's path; `secrets llm/openai-api-key` for an object of Kubernetes. */
  readonly path: string;
  /** KV version that was read or written, where the answer says it. */
  readonly version?: number;
  readonly outcome: Outcome;
  readonly reason?: string;
  readonly remoteAddress?: string;
  readonly mountType?: string;
  readonly object?: KubernetesObject;
}

/** An access that a query asked for. */
export interface Row extends Access {
  /** Why it is listed, or what to know about it. */
  readonly notes: readonly string[];
  /** Where in the entry the value stands that was looked for, e.g. `response.data.data.api_key`. */
  readonly places?: readonly string[];
}

export type Fields = Readonly<Record<string, unknown>>;

/** A map's fields; none for anything else, so that a strange entry is poor in fields and not an error. */
export function fields(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

export function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** A service account's name in `system:serviceaccount:<namespace>:<name>`, also behind the mount that Vault puts before it. */
export function serviceAccountIn(user: string): string | undefined {
  const found = /(?:^|-)system:serviceaccount:([^:]+):([^:]+)$/.exec(user);
  return found === null ? undefined : `${found[1]}/${found[2]}`;
}

/** `{ [name]: value }`, or nothing when there is no value. */
export function optional<Name extends string, Value>(
  name: Name,
  value: Value | undefined,
): { readonly [Key in Name]?: Value } {
  return value === undefined ? {} : ({ [name]: value } as { readonly [Key in Name]: Value });
}
