import { z } from "zod";
import { type ApiAnswer, type ApiRequest, bearer, type ProviderState } from "./api.ts";
import type { Key } from "./keys.ts";

/**
 * The part of Anthropic's API that rotation uses, in the published shapes: the tests run the official SDK against it. A
 * person makes keys in the console; the API shows them, and archives one for good.
 * https://platform.claude.com/docs/en/api/admin/api_keys/update
 */

const KEY = /^\/anthropic\/v1\/organizations\/api_keys\/([^/]+)$/;

const updateBody = z.strictObject({
  name: z.string().nullish(),
  status: z.enum(["active", "archived", "inactive"]).nullish(),
});

export function anthropicApi(state: ProviderState, request: ApiRequest): ApiAnswer {
  const { method, url, headers, body } = request;
  const credential = bearer(request);
  if (headers["anthropic-version"] === undefined)
    return failure(400, "invalid_request_error", "anthropic-version: header is required");
  if (method === "GET" && url.pathname === "/anthropic/v1/models") return models(state, credential);
  const id = KEY.exec(url.pathname)?.[1];
  if (id === undefined) return failure(404, "not_found_error", "Not found");
  const admin = state.keys.admin(credential);
  if (admin === undefined || !admin.valid) return failure(401, "authentication_error", "invalid credential");
  if (!admin.mayManage) return failure(403, "permission_error", "Your API key may not manage keys");
  const key = state.keys.key(id);
  if (key === undefined) return failure(404, "not_found_error", "No such API key");
  return method === "POST" ? update(state, key, body) : { status: 200, body: published(key) };
}

function models({ keys }: ProviderState, credential: string): ApiAnswer {
  if (!keys.accepts(credential)) return failure(401, "authentication_error", "invalid credential");
  return { status: 200, body: { data: [], first_id: null, last_id: null, has_more: false } };
}

function update({ keys }: ProviderState, key: Key, body: unknown): ApiAnswer {
  const parsed = updateBody.safeParse(body);
  if (!parsed.success) return failure(400, "invalid_request_error", z.prettifyError(parsed.error));
  if (parsed.data.status === "archived") keys.mark(key.value, "revoked");
  return { status: 200, body: published(keys.key(key.id) ?? key) };
}

function published({ id, status, createdAt }: Key) {
  return {
    ...{ id, type: "api_key", name: "made by hand", partial_key_hint: null, principal: null },
    ...{ created_at: new Date(createdAt * 1_000).toISOString(), created_by: null, expires_at: null },
    scope: { type: "workspace", workspace_id: "wrkspc_emulated" },
    status: { valid: "active", revoked: "archived", expired: "expired" }[status],
  };
}

function failure(status: number, type: string, message: string): ApiAnswer {
  return { status, body: { type: "error", error: { type, message }, request_id: null } };
}
