import type { HttpAnswer, HttpRequest } from "../../shared/http.ts";
import type { HttpCall, ProviderSpec } from "../spec.ts";
import {
  generationOf,
  type Provider,
  type ProviderClient,
  type ProviderKey,
  providerError,
} from "./provider.ts";
import { fill, fillDeep, fillUrl, type Placeholders, pointed } from "./template.ts";

type Described = Extract<ProviderSpec, { readonly kind: "http" }>;
type Manual = Extract<ProviderSpec, { readonly kind: "manual" }>;

/** What every request with the admin credential may name. */
export interface Standing {
  readonly admin?: string;
  readonly project?: string;
}

/** No list of this many pages is one of a rotation's keys: the cursor does not move. */
const MOST_PAGES = 1_000;

/** A provider that is told by requests and JSON pointers. */
export function described(client: ProviderClient, spec: Described, standing: Standing): Provider {
  return {
    maker: {
      async create(name) {
        const request = filled(spec.create, { ...standing, name });
        const answer = await client.ask("create a key", request, {
          again: false,
          success: spec.create.success,
        });
        const id = textAt(answer, spec.create.id, "create a key");
        return { id, name, value: textAt(answer, spec.create.value, "create a key") };
      },
      list: async (prefix) => ownKeys(await listAll(client, spec.list, standing), spec.list, prefix),
    },
    ...manual(client, { kind: "manual", test: spec.test, revoke: spec.revoke }, standing),
  };
}

/** A provider whose keys a person makes; it may be told how to test and revoke them. */
export function manual(client: ProviderClient, { test, revoke }: Manual, standing: Standing): Provider {
  return {
    ...(test === undefined
      ? {}
      : { test: (key: string) => client.verdict(filled(test, { ...standing, key }), test.success) }),
    ...(revoke === undefined
      ? {}
      : {
          revoke: async (id: string) => {
            const options = { again: true, success: [...revoke.success, 404] };
            await client.ask("revoke a key", filled(revoke, { ...standing, id }), options);
          },
        }),
  };
}

async function listAll(
  client: ProviderClient,
  list: Described["list"],
  standing: Standing,
): Promise<readonly unknown[]> {
  const found: unknown[] = [];
  let cursor = "";
  for (let pages = 0; pages < MOST_PAGES; pages += 1) {
    const request = filled(list, { ...standing, cursor });
    const answer = await client.ask("list keys", request, { again: true, success: list.success });
    const items = pointed(answer.json, list.items);
    if (!Array.isArray(items)) {
      throw providerError("list keys", `no list at "${list.items}"`, "correct list.items");
    }
    found.push(...items);
    const next = list.next === undefined ? undefined : pointed(answer.json, list.next);
    if (typeof next !== "string" || next === "") return found;
    cursor = next;
  }
  throw providerError("list keys", `more than ${MOST_PAGES} pages`, "see that list.next moves on");
}

/** Keys without a name are others'; where none has one, the pointer is wrong, and leftovers would never be found. */
function ownKeys(items: readonly unknown[], list: Described["list"], prefix: string): readonly ProviderKey[] {
  const named = items.flatMap((item) => {
    const name = pointed(item, list.name);
    return typeof name === "string" ? [{ name, id: pointed(item, list.id) }] : [];
  });
  if (items.length > 0 && named.length === 0) {
    const found = `no name at "${list.name}" in any of ${items.length} keys`;
    throw providerError("list keys", found, "correct list.name");
  }
  return named
    .filter(({ name }) => generationOf(prefix, name) !== undefined)
    .map(({ name, id }) => {
      if (id === undefined) throw providerError("list keys", `no id at "${list.id}"`, "correct list.id");
      return { name, id: String(id) };
    });
}

function filled({ method, url, headers, body }: HttpCall, values: Placeholders): HttpRequest {
  return {
    method,
    url: fillUrl(url, values),
    headers: Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, fill(text, values)])),
    ...(body === undefined ? {} : { body: fillDeep(body, values) }),
  };
}

function textAt({ json }: HttpAnswer, pointer: string, what: string): string {
  const found = pointed(json, pointer);
  if ((typeof found !== "string" && typeof found !== "number") || found === "") {
    throw providerError(what, `nothing at "${pointer}" of the answer`, "correct the pointer");
  }
  return String(found);
}
