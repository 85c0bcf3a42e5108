import { z } from "zod";
import { call } from "./rotation-calls.ts";
import { section, text } from "./values.ts";

const pointer = text((value) => /^(\/([^~/]|~[01])*)+$/.test(value), {
  allowed: "a JSON pointer (RFC 6901) into the answer",
  fix: "e.g. /key/value",
});

/** The whole answer, or a place in it. */
const pointerOrWhole = text((value) => value === "" || pointer.safeParse(value).success, {
  allowed: 'a JSON pointer (RFC 6901) into the answer, "" for the whole of it',
  fix: "e.g. /data",
});

/** A provider whose requests are described here. */
const http = section({
  kind: z.literal("http"),
  /** Makes a key named `{{name}}`; `id` and `value` say where they stand in the answer. */
  create: section({ ...call("create"), id: pointer, value: pointer }),
  /** Lists keys: `items` in the answer, `id` and `name` in each, `next` the `{{cursor}}` of the next page. */
  list: section({
    ...call("list"),
    items: pointerOrWhole,
    id: pointer,
    name: pointer,
    next: pointer.optional(),
  }),
  /** Tries a key, sent as `{{key}}`. */
  test: section(call("test")),
  /** Ends the key `{{id}}`. */
  revoke: section(call("revoke")),
});

/** A provider that cannot make keys: an operator puts each new one (`npm run rotate -- put`). */
const manual = section({
  kind: z.literal("manual"),
  test: section(call("test")).optional(),
  revoke: section(call("revoke")).optional(),
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

/** Whether any request of a provider names the project. */
export function takesProject(provider: DeclaredProvider): boolean {
  return JSON.stringify(provider).includes("{{project}}");
}
