import { z } from "zod";
import { type Rule, show } from "./problems.ts";
import { section, text } from "./values.ts";

/** What stands for what in a request: filled in by the rotator. */
const IN_URLS = ["name", "project", "id", "cursor"] as const;
const CREDENTIALS = ["admin", "key"] as const;
const PLACEHOLDER = /\{\{([^{}]*)\}\}/g;

function placeholders(value: string): readonly string[] {
  return [...value.matchAll(PLACEHOLDER)].map(([, name = ""]) => name);
}

const callUrl = text(isCallUrl, {
  allowed:
    `an https:// address (http:// only to 127.0.0.1, [::1] or localhost) without user or fragment, in it ` +
    `${IN_URLS.map((name) => `{{${name}}}`).join(", ")}; never a credential, which logs on the way would keep`,
  fix: "e.g. https://api.example.com/v1/keys/{{id}}; the credential goes into headers",
});

function isCallUrl(value: string): boolean {
  if (!placeholders(value).every((name) => IN_URLS.some((one) => one === name))) return false;
  const filled = value.replace(PLACEHOLDER, "x");
  if (!URL.canParse(filled)) return false;
  const url = new URL(filled);
  const loopback = ["127.0.0.1", "[::1]", "localhost"].includes(url.hostname);
  const scheme = url.protocol === "https:" || (url.protocol === "http:" && loopback);
  return scheme && url.username === "" && url.password === "" && url.hash === "";
}

const CREDENTIAL_HEADER = /auth|key|token|secret|cookie|password/i;

/** A header that carries a credential must take it from Vault: one that is written out stands in this file. */
const headers = z.record(z.string(), z.string()).superRefine((map, context) => {
  for (const [name, value] of Object.entries(map)) {
    const used = placeholders(value);
    const known = used.every((one) => CREDENTIALS.some((credential) => credential === one));
    if (known && (used.length > 0 || !CREDENTIAL_HEADER.test(name))) continue;
    const rule: Rule = {
      found: known
        ? "a credential written out (not shown)"
        : show(used.map((one) => `{{${one}}}`).join(", ")),
      allowed: "{{admin}}, the admin credential, or {{key}}, the key itself, where a credential goes",
      fix: 'e.g. authorization: "Bearer {{admin}}"; a value that stood here must be replaced at its source',
    };
    context.addIssue({ code: "custom", path: [name], params: { ...rule } });
  }
});

const pointer = text((value) => /^(\/([^~/]|~[01])*)+$/.test(value), {
  allowed: "a JSON pointer (RFC 6901) into the answer",
  fix: "e.g. /key/value",
});

/** The whole answer, or a place in it. */
const pointerOrWhole = text((value) => value === "" || pointer.safeParse(value).success, {
  allowed: 'a JSON pointer (RFC 6901) into the answer, "" for the whole of it',
  fix: "e.g. /data",
});

const call = {
  method: z.enum(["GET", "POST", "PUT", "DELETE"]),
  url: callUrl,
  headers: headers.default({}),
  body: z.unknown().optional(),
  /** Status codes that mean success. */
  success: z.array(z.int().min(200).max(499)).min(1),
};

/** A provider whose requests are described here. */
const http = section({
  kind: z.literal("http"),
  /** Makes a key named `{{name}}`; `id` and `value` say where they stand in the answer. */
  create: section({ ...call, id: pointer, value: pointer }),
  /** Lists keys: `items` in the answer, `id` and `name` in each, `next` the `{{cursor}}` of the next page. */
  list: section({
    ...call,
    items: pointerOrWhole,
    id: pointer,
    name: pointer,
    next: pointer.optional(),
  }),
  /** Tries a key, sent as `{{key}}`. */
  test: section(call),
  /** Ends the key `{{id}}`. */
  revoke: section(call),
});

/** A provider that cannot make keys: an operator puts each new one (`npm run rotate -- put`). */
const manual = section({
  kind: z.literal("manual"),
  test: section(call).optional(),
  revoke: section(call).optional(),
});

export const providerSection = z.discriminatedUnion("kind", [http, manual], {
  error: () => "a map with kind: http or kind: manual",
});

export type DeclaredProvider = z.output<typeof providerSection>;

/** Whether any request of a provider takes the admin credential. */
export function takesAdmin(provider: DeclaredProvider): boolean {
  if (provider.kind === "http") return true;
  return JSON.stringify(provider).includes("{{admin}}");
}
