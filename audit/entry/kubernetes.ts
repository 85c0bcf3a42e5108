import {
  type Access,
  type Fields,
  fields,
  type Identity,
  type KubernetesObject,
  type Outcome,
  optional,
  serviceAccountIn,
  textOf,
} from "./access.ts";

/** Whether a JSON object is an event of a Kubernetes audit log (audit.k8s.io/v1). */
export function isKubernetesEvent(entry: Fields): boolean {
  return (
    entry.kind === "Event" &&
    entry.apiVersion === "audit.k8s.io/v1" &&
    textOf(entry.auditID) !== undefined &&
    textOf(entry.requestReceivedTimestamp) !== undefined
  );
}

/** One stage of a request; the later stages know the answer. */
export function kubernetesAccess(event: Fields): Access {
  const id = String(event.auditID);
  const time = String(event.requestReceivedTimestamp);
  const addresses = Array.isArray(event.sourceIPs) ? event.sourceIPs : [];
  const object = objectOf(fields(event.objectRef));
  const operation = textOf(event.verb) ?? "unknown";
  return {
    source: "kubernetes",
    id,
    // A client may choose the audit ID (header Audit-ID), and would hide a request behind another one; not the time.
    key: `${id} ${time}`,
    time,
    writtenMs: Date.parse(textOf(event.stageTimestamp) ?? time),
    who: identity(event),
    operation,
    path: pathOf(object, operation),
    ...verdict(event),
    // The last alone is the connection's own: the client can set the others.
    ...optional("remoteAddress", textOf(addresses.at(-1))),
    ...optional("object", object),
  };
}

function identity(event: Fields): Identity {
  const user = textOf(fields(event.user).username);
  const impersonated = textOf(fields(event.impersonatedUser).username);
  const name = impersonated ?? user;
  if (name === undefined) return { kind: "nobody", name: "nobody named" };
  const account = name.startsWith("system:") ? serviceAccountIn(name) : undefined;
  return {
    kind: account === undefined ? "kubernetes user" : "service account",
    name: account ?? name,
    ...(impersonated === undefined ? optional("pod", podOf(event)) : optional("impersonatedBy", user)),
  };
}

/** The API server itself notes it of a token that is bound to a pod. */
function podOf(event: Fields): string | undefined {
  const names = fields(fields(event.user).extra)["authentication.kubernetes.io/pod-name"];
  return Array.isArray(names) ? textOf(names[0]) : undefined;
}

function objectOf(reference: Fields): KubernetesObject | undefined {
  const resource = textOf(reference.resource);
  if (resource === undefined) return undefined;
  return {
    group: textOf(reference.apiGroup) ?? "",
    resource,
    ...optional("subresource", textOf(reference.subresource)),
    ...optional("namespace", textOf(reference.namespace)),
    ...optional("name", textOf(reference.name)),
  };
}

/** Without a name it is about all there are, or about one that is yet to get its name. */
function pathOf(object: KubernetesObject | undefined, verb: string): string {
  if (object === undefined) return "(no object)";
  const { resource, subresource, namespace, name } = object;
  const kind = subresource === undefined ? resource : `${resource}/${subresource}`;
  const all = verb === "create" ? "" : namespace === undefined ? "(all namespaces)" : "(all)";
  const place = namespace === undefined ? "" : `${namespace}/`;
  return `${kind} ${place}${name ?? all}`.trimEnd();
}

function verdict(event: Fields): { readonly outcome: Outcome; readonly reason?: string } {
  const status = fields(event.responseStatus);
  const code = Number(status.code ?? 0);
  // Words of the API's own (Forbidden, NotFound); the message quotes the request.
  const reason = optional(
    "reason",
    /^[A-Za-z]{1,40}$/.test(String(status.reason)) ? String(status.reason) : undefined,
  );
  const forbidden = fields(event.annotations)["authorization.k8s.io/decision"] === "forbid";
  if (forbidden || code === 401 || code === 403) return { outcome: "denied", ...reason };
  if (code >= 400 || event.stage === "Panic") return { outcome: "failed", ...reason };
  return { outcome: code === 0 ? "unanswered" : "allowed" };
}
