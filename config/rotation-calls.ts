import { z } from "zod";
import { type Rule, show } from "./problems.ts";
import { text } from "./values.ts";

/** What the rotator fills in, by the request: it has no more than this when it makes it. */
export const PLACEHOLDERS = {
  create: ["name", "project", "admin"],
  list: ["cursor", "project", "admin"],
  test: ["project", "admin", "key"],
  revoke: ["id", "project", "admin"],
} as const;

export type CallKind = keyof typeof PLACEHOLDERS;

const CREDENTIALS: readonly string[] = ["admin", "key"];
const PLACEHOLDER = /\{\{([^{}]*)\}\}/g;

/** Of a header, a query parameter or a field of a body. */
const CREDENTIAL_NAME = /auth|key|token|secret|cookie|password/i;

/** A request of a described provider. */
export function call<Kind extends CallKind>(kind: Kind) {
  return {
    method: z.enum(["GET", "POST", "PUT", "DELETE"]),
    url: callUrl(kind),
    headers: headers(kind).default({}),
    body: body(kind).optional(),
    /** Status codes that mean success. */
    success: z.array(z.int().min(200).max(499)).min(1),
  };
}

function placeholders(value: string): readonly string[] {
  return [...value.matchAll(PLACEHOLDER)].map(([, name = ""]) => name);
}

function names(kind: CallKind): readonly string[] {
  return PLACEHOLDERS[kind];
}

function plainNames(kind: CallKind): readonly string[] {
  return names(kind).filter((name) => !CREDENTIALS.includes(name));
}

function credentialNames(kind: CallKind): readonly string[] {
  return names(kind).filter((name) => CREDENTIALS.includes(name));
}

function listed(all: readonly string[]): string {
  return all.map((name) => `{{${name}}}`).join(", ");
}

function callUrl(kind: CallKind) {
  return text(
    (value) => isCallUrl(value, plainNames(kind)) && !writesCredential(value),
    (value) => ({
      ...(writesCredential(value) ? { found: "an address with a credential written out (not shown)" } : {}),
      allowed:
        `an https:// address (http:// only to 127.0.0.1, [::1] or localhost) without user or fragment, in it ` +
        `${listed(plainNames(kind))}; never a credential, which logs on the way would keep`,
      fix: `e.g. https://api.example.com/v1/keys/{{${plainNames(kind)[0]}}}; the credential goes into headers or body`,
    }),
  );
}

function isCallUrl(value: string, known: readonly string[]): boolean {
  if (!placeholders(value).every((name) => known.includes(name))) return false;
  const url = filled(value);
  if (url === undefined) return false;
  const loopback = ["127.0.0.1", "[::1]", "localhost"].includes(url.hostname);
  const scheme = url.protocol === "https:" || (url.protocol === "http:" && loopback);
  return scheme && url.username === "" && url.password === "" && url.hash === "";
}

/** An address as it is when its placeholders stand for a letter. */
function filled(value: string): URL | undefined {
  const text = value.replace(PLACEHOLDER, "x");
  return URL.canParse(text) ? new URL(text) : undefined;
}

function writesCredential(value: string): boolean {
  const query = value.split("#")[0]?.split("?").slice(1).join("?") ?? "";
  return [...new URLSearchParams(query)].some(
    ([name, one]) => CREDENTIAL_NAME.test(name) && one !== "" && placeholders(one).length === 0,
  );
}

/** A header that carries a credential must take it from Vault: one that is written out stands in this file. */
function headers(kind: CallKind) {
  return z.record(z.string(), z.string()).superRefine((map, context) => {
    for (const [name, value] of Object.entries(map)) {
      const rule = written(name, value, credentialNames(kind), kind);
      if (rule !== undefined) context.addIssue({ code: "custom", path: [name], params: { ...rule } });
    }
  });
}

/** As for headers; what is no credential may stand in a body as well. */
function body(kind: CallKind) {
  return z.unknown().superRefine((value, context) => {
    for (const { path, name, text } of texts(value, [], "")) {
      const rule = written(name, text, names(kind), kind);
      if (rule !== undefined) context.addIssue({ code: "custom", path: [...path], params: { ...rule } });
    }
  });
}

/** What is wrong with a text: a placeholder that this request has no value for, or a credential that is none. */
function written(name: string, value: string, known: readonly string[], kind: CallKind): Rule | undefined {
  const used = placeholders(value);
  const unknown = used.filter((one) => !known.includes(one));
  if (unknown.length > 0) {
    return {
      found: show(listed(unknown)),
      allowed: `${listed(known)}: there is a value for no other here, in ${kind}`,
      fix: `write one of these, e.g. authorization: "Bearer {{${credentialNames(kind).at(-1)}}}" in headers`,
    };
  }
  if (used.length > 0 || value === "" || !CREDENTIAL_NAME.test(name)) return undefined;
  return {
    found: "a credential written out (not shown)",
    allowed: `${listed(credentialNames(kind))} where a credential goes: the rotator fills it in from Vault`,
    fix: `e.g. ${name}: "{{${credentialNames(kind).at(-1)}}}"; a value that stood here must be replaced at its source`,
  };
}

interface Text {
  readonly path: readonly PropertyKey[];
  /** Of the field that it stands in, also where that is a list. */
  readonly name: string;
  readonly text: string;
}

function texts(value: unknown, path: readonly PropertyKey[], name: string): readonly Text[] {
  if (typeof value === "string") return [{ path, name, text: value }];
  if (Array.isArray(value)) return value.flatMap((one, index) => texts(one, [...path, index], name));
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, one]) => texts(one, [...path, key], key));
}
