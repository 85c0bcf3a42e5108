import { z } from "zod";
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

/** A KV path below its mount. */
export const remoteKey = text(isRemoteKey, (value) => {
  if (/^([\w-]+\/)?(data|metadata)\//.test(value)) {
    return {
      allowed: "the path below the mount; KV version 2 adds data/ to the request on its own",
      fix: `write ${value.replace(/^([\w-]+\/)?(data|metadata)\//, "")}`,
    };
  }
  return {
    allowed: "segments of letters, digits, '_', '.', '-' joined by '/'; no leading or trailing '/', no '..', no '*' or '+'",
    fix: "write the exact path below the mount, e.g. llm/openai: a policy grants exactly this path",
  };
});

function isRemoteKey(value: string): boolean {
  const segments = value.split("/");
  return (
    KEY.test(value) &&
    !segments.some((segment) => segment === "." || segment === "..") &&
    !/^([\w-]+\/)?(data|metadata)\//.test(value)
  );
}

const remoteProperty = text((value) => /^[A-Za-z0-9_.-]+$/.test(value), {
  allowed: "letters, digits, '_', '.' and '-'",
  fix: "name one property of the secret, e.g. api_key",
});

const shorthand = z.string().transform((value, context): RemoteRef => {
  const [key = "", property = "", ...rest] = value.split("#");
  if (property === "" || rest.length > 0) {
    context.addIssue({
      code: "custom",
      params: {
        allowed: "path#property, e.g. llm/openai#api_key",
        fix: "add '#' and the property of the secret that this key takes",
      },
    });
    return z.NEVER;
  }
  for (const part of [remoteKey.safeParse(key), remoteProperty.safeParse(property)]) {
    for (const issue of part.error?.issues ?? []) {
      context.addIssue({ code: "custom", params: { ...(issue as { params?: object }).params } });
    }
  }
  return { key, property };
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
  const parsed = typeof value === "string" ? shorthand.safeParse(value) : longForm.safeParse(value);
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues) context.addIssue(issue as Parameters<typeof context.addIssue>[0]);
  return z.NEVER;
});
