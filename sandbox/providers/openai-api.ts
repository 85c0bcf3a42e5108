import { z } from "zod";
import { type ApiAnswer, type ApiRequest, bearer, type ProviderState } from "./api.ts";
import type { ServiceAccount } from "./keys.ts";

/**
 * The part of OpenAI's API that rotation uses, in the published shapes: the tests run the official SDK against it.
 * https://platform.openai.com/docs/api-reference/project-service-accounts
 */

const PROJECT = /^\/v1\/organization\/projects\/([^/]+)\/(service_accounts|api_keys)(?:\/([^/]+))?$/;
const DEFAULT_PAGE = 20;
const NEVER_MS = 10 ** 12;

const createBody = z.strictObject({
  name: z.string().min(1),
  create_service_account_only: z.boolean().nullish(),
});

export function openAiApi(state: ProviderState, request: ApiRequest): ApiAnswer {
  if (request.url.pathname === "/v1/models" && request.method === "GET") return models(state, request);
  const [, project, kind, id] = PROJECT.exec(request.url.pathname) ?? [];
  if (project === undefined) return failure(404, "unknown_url", "Invalid URL");
  const admin = state.keys.admin(bearer(request));
  if (admin === undefined || !admin.valid) {
    return failure(401, "invalid_api_key", "Incorrect API key provided");
  }
  if (!admin.mayManage) return failure(403, "insufficient_permissions", "You have insufficient permissions");
  if (kind === "api_keys") return deleteKey(state, request, id);
  switch (`${request.method}${id === undefined ? "" : " one"}`) {
    case "POST":
      return create(state, project, request.body);
    case "GET":
      return list(state.keys.accounts(project), request.url.searchParams);
    case "GET one":
      return found(state.keys.account(project, id ?? ""), published);
    case "DELETE one":
      return remove(state, project, id ?? "");
    default:
      return failure(405, "method_not_allowed", "Not allowed to that URL");
  }
}

function models({ keys }: ProviderState, request: ApiRequest): ApiAnswer {
  if (!keys.accepts(bearer(request))) return failure(401, "invalid_api_key", "Incorrect API key provided");
  const model = { id: "emulated-1", object: "model", created: 1_700_000_000, owned_by: "emulated" };
  return { status: 200, body: { object: "list", data: [model] } };
}

function create(state: ProviderState, project: string, body: unknown): ApiAnswer {
  const parsed = createBody.safeParse(body);
  if (!parsed.success) return failure(400, "invalid_request_error", z.prettifyError(parsed.error));
  const { name } = parsed.data;
  const delayMs = state.refuseNewKeys ? NEVER_MS : state.newKeyDelayMs;
  const { account, key } = state.keys.createAccount(project, name, delayMs);
  const api_key = {
    ...{ object: "organization.project.service_account.api_key", id: key.id },
    ...{ created_at: key.createdAt, name: "Secret Key", value: key.value },
  };
  return { status: 200, body: { ...published(account), api_key } };
}

function list(accounts: readonly ServiceAccount[], query: URLSearchParams): ApiAnswer {
  const after = query.get("after");
  const limit = Math.min(Number(query.get("limit") ?? DEFAULT_PAGE), 100);
  const start = after === null ? 0 : accounts.findIndex(({ id }) => id === after) + 1;
  const page = accounts.slice(start, start + limit);
  return {
    status: 200,
    body: {
      object: "list",
      data: page.map(published),
      first_id: page.at(0)?.id ?? null,
      last_id: page.at(-1)?.id ?? null,
      has_more: start + limit < accounts.length,
    },
  };
}

function remove({ keys }: ProviderState, project: string, id: string): ApiAnswer {
  if (!keys.deleteAccount(project, id)) return failure(404, "not_found", "No such service account");
  return { status: 200, body: { object: "organization.project.service_account.deleted", id, deleted: true } };
}

/** As documented: "Returns confirmation of the key deletion, or an error if the key belonged to a service account". */
function deleteKey({ keys }: ProviderState, { method }: ApiRequest, id = ""): ApiAnswer {
  if (method !== "DELETE") return failure(405, "method_not_allowed", "Not allowed to that URL");
  const key = keys.key(id);
  if (key === undefined) return failure(404, "not_found", "No such API key");
  if (key.account !== undefined) {
    return failure(400, "invalid_request_error", "API keys of service accounts cannot be deleted");
  }
  keys.mark(key.value, "revoked");
  return { status: 200, body: { object: "organization.project.api_key.deleted", id, deleted: true } };
}

function published({ id, name, createdAt }: ServiceAccount) {
  return { object: "organization.project.service_account", id, name, role: "member", created_at: createdAt };
}

function found<T>(one: T | undefined, show: (one: T) => unknown): ApiAnswer {
  return one === undefined
    ? failure(404, "not_found", "No such service account")
    : { status: 200, body: show(one) };
}

function failure(status: number, code: string, message: string): ApiAnswer {
  return { status, body: { error: { message, type: "invalid_request_error", param: null, code } } };
}
