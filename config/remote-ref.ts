import { z } from "zod";
import type { Rule } from "./problems.ts";
import { section, text } from "./values.ts";

/** What one key of a Secret is read from: a KV v2 path below the mount, and a property of the secret there. */
export interface RemoteRef {
  /** Path below the mount, e.g. `llm/openai`; never with `data/`, which KV v2 adds by itself. */
  readonly key: string;
  readonly property: string;
  /** A KV version to stay on. @default the newest */
  readonly version?: number | undefined;
}

const KEY = /^[A-Za-z0-9_.-]+(\/[A-Za-z0-9_.-]+)*$/;

/** What KV v2 puts between mount and path in a request. */
const REQUEST_PATH = /^(data|metadata)\//;

/** Said of a path that holds more than what stands below the mount. */
export function belowTheMount(path: string): Rule {
  return {
    allowed: "the path below the mount; KV version 2 adds data/ to the request on its own",
    fix: `write ${path}`,
  };
}

/** A KV path below its mount. */
export const remoteKey = text(isRemoteKey, (value) => {
  if (REQUEST_PATH.test(value)) return belowTheMount(value.replace(REQUEST_PATH, ""));
  return {
    allowed:
      "segments of letters, digits, '_', '.', '-' joined by '/'; no leading or trailing '/', no '..', no '*' or '+'",
    fix: "write the exact path below the mount, e.g. llm/openai: a policy grants exactly this path",
    ...hidden(value),
  };
});

function isRemoteKey(value: string): boolean {
  const segments = value.split("/");
  return (
    KEY.test(value) &&
    !segments.some((segment) => segment === "." || segment === "..") &&
    !REQUEST_PATH.test(value)
  );
}

/** One property of a KV secret. */
export const remoteProperty = text((value) => /^[A-Za-z0-9_.-]+$/.test(value), {
  allowed: "letters, digits, '_', '.' and '-'",
  fix: "name one property of the secret, e.g. api_key",
});

/** `llm/openai#api_key`. */
export const shorthand = z.string().transform((value, context): RemoteRef => {
  const at = value.indexOf("#");
  const key = at < 0 ? value : value.slice(0, at);
  const property = at < 0 ? "" : value.slice(at + 1);
  if (property === "") context.addIssue({ code: "custom", params: { ...withoutProperty, ...hidden(value) } });
  const parts = [remoteKey.safeParse(key), ...(property === "" ? [] : [remoteProperty.safeParse(property)])];
  for (const issue of parts.flatMap((part) => part.error?.issues ?? [])) {
    context.addIssue({
      code: "custom",
      params: { ...(issue as { params?: object }).params, ...hidden(value) },
    });
  }
  return { key, property };
});

const withoutProperty: Rule = {
  allowed: "path#property, e.g. llm/openai#api_key",
  fix: "add '#' and the property of the secret that this key takes; a value itself belongs in Vault: npm run secrets -- put",
};

/** Longer than a name that people give; keys and tokens have longer runs, even base64 with its slashes. */
const LONGEST_SHOWN = 24;

/** A text with neither '/' nor '#', or with a long run between them, may be a value pasted where its place belongs. */
function hidden(value: string): { readonly found?: string } {
  const pieces = value.split(/[/#]/);
  const place = pieces.length > 1 && pieces.every((piece) => piece.length <= LONGEST_SHOWN);
  return place ? {} : { found: `a text of ${value.length} characters (not shown)` };
}

const neitherForm = z.unknown().transform((_value, context): RemoteRef => {
  context.addIssue({
    code: "custom",
    params: { allowed: "path#property, or a map with remoteRef", fix: "e.g. llm/openai#api_key" },
  });
  return z.NEVER;
});

const longForm = section({
  remoteRef: section({
    key: remoteKey,
    property: remoteProperty,
    version: z.int().min(1).optional(),
  }),
}).transform(({ remoteRef }): RemoteRef => remoteRef);

/** `llm/openai#api_key`, or `{ remoteRef: { key, property, version } }` in ESO's words. */
export const remoteRef = z.unknown().transform((value, context): RemoteRef => {
  const parsed = formOf(value).safeParse(value);
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues) context.addIssue(issue as Parameters<typeof context.addIssue>[0]);
  return z.NEVER;
});

function formOf(value: unknown): z.ZodType<RemoteRef> {
  if (typeof value === "string") return shorthand;
  return typeof value === "object" && value !== null && !Array.isArray(value) ? longForm : neitherForm;
}
