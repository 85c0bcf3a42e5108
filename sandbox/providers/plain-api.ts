import type { ApiAnswer, ApiRequest, ProviderState } from "./api.ts";

/** A provider of nobody's in particular: other paths, headers and shapes over the same keys, with a cursor that is no id. */

const PROJECT = "plain";
const PAGE = 2;

export function plainApi(state: ProviderState, request: ApiRequest): ApiAnswer {
  const { method, url, headers } = request;
  if (url.pathname === "/plain/check") {
    const ok = state.keys.accepts(String(headers["x-api-key"]));
    return { status: ok ? 204 : 403 };
  }
  const admin = state.keys.admin(String(headers["x-admin-key"]));
  if (admin === undefined || !admin.valid) return { status: 401 };
  if (!admin.mayManage) return { status: 403 };
  if (method === "POST" && url.pathname === "/plain/keys") return create(state, request.body);
  if (method === "GET" && url.pathname === "/plain/keys") return list(state, url.searchParams);
  const id = /^\/plain\/keys\/([^/]+)$/.exec(url.pathname)?.[1];
  if (method !== "DELETE" || id === undefined) return { status: 404 };
  return { status: state.keys.deleteAccount(PROJECT, id) ? 204 : 404 };
}

function create(state: ProviderState, body: unknown): ApiAnswer {
  const { label } = (body ?? {}) as { readonly label?: string };
  if (label === undefined) return { status: 422 };
  const { account, key } = state.keys.createAccount(PROJECT, label, state.newKeyDelayMs);
  return { status: 201, body: { result: { "key/id": account.id, secrets: [key.value] } } };
}

function list(state: ProviderState, query: URLSearchParams): ApiAnswer {
  const all = state.keys.accounts(PROJECT);
  const start = Number(query.get("page") || 0);
  const more = start + PAGE < all.length;
  const items = all.slice(start, start + PAGE).map(({ id, name }) => ({ "key/id": id, label: name }));
  return { status: 200, body: { result: items, paging: more ? { next: String(start + PAGE) } : {} } };
}
