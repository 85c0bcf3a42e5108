import OpenAI from "openai";
import type {
  ProjectServiceAccountsPage,
  ServiceAccountCreateResponse,
} from "openai/resources/admin/organization/projects/service-accounts";
import type { Model } from "openai/resources/models";
import { describe, expect, it } from "vitest";
import type { z } from "zod";
import { type accountPage, type createdAccount, openAi } from "../../../jobs/rotator/providers/openai.ts";
import { ProviderClient } from "../../../jobs/rotator/providers/provider.ts";
import { misfits, type Published } from "./published-types.ts";
import { recordedProvider } from "./recorded-provider.ts";
import type { Exchange } from "./recorder.ts";

/**
 * OpenAI's admin API as OpenAI publishes it: the official SDK, which is made from the published OpenAPI document, says what
 * requests are and, by its types, what answers are. The rotator and the emulated provider are held against it.
 */

const ADMIN = "sk-admin-0123456789abcdef";
const PROJECT = "proj_abc";
const accountsModule = "openai/resources/admin/organization/projects/service-accounts";
const CREATE_PARAMS: Published = [accountsModule, "ServiceAccountCreateParams"];
const CREATED: Published = [accountsModule, "ServiceAccountCreateResponse"];
const ACCOUNT: Published = [accountsModule, "ProjectServiceAccount"];
const DELETED: Published = [accountsModule, "ServiceAccountDeleteResponse"];
const MODEL: Published = ["openai/resources/models", "Model"];
const KEY_DELETED: Published = [
  "openai/resources/admin/organization/projects/api-keys",
  "APIKeyDeleteResponse",
];
const ERROR: Published = ["openai/resources/shared", "ErrorObject"];

const emulated = recordedProvider(ADMIN, PROJECT);

const sdk = (keys: { readonly adminAPIKey?: string; readonly apiKey?: string } = { adminAPIKey: ADMIN }) =>
  new OpenAI({
    apiKey: null,
    adminAPIKey: null,
    ...keys,
    baseURL: `${emulated.recorder.address}/v1`,
    maxRetries: 0,
  });
const accountsOf = (client: OpenAI) => client.admin.organization.projects.serviceAccounts;

function rotator(adminKey = ADMIN) {
  const client = new ProviderClient({}, { request: 5, retry: 1, test: 1, sync: 1 });
  return openAi(client, { baseUrl: `${emulated.recorder.address}/v1`, project: PROJECT, adminKey });
}

/** All that the API sees of a request; what else the SDK tells in headers is about itself. */
function seen({ method, path, body, headers }: Exchange) {
  const { authorization, accept } = headers;
  const type = body === undefined ? undefined : headers["content-type"];
  return { method, path, body, authorization, accept, type };
}

function pageIn(exchange: Exchange | undefined) {
  return (exchange?.answer ?? { data: [] }) as { readonly data: readonly unknown[] };
}

function createKeys(count: number): void {
  for (let n = 1; n <= count; n += 1)
    emulated.provider.state.keys.createAccount(PROJECT, `llm-gateway-dev-${n}`, 0);
}

describe("the rotator's requests are those of the official SDK", () => {
  const same = async (ours: () => Promise<unknown>, theirs: () => Promise<unknown>) => {
    await ours();
    const sent = emulated.recorder.taken().map(seen);
    await theirs();
    expect(sent).toEqual(emulated.recorder.taken().map(seen));
    expect(sent.length).toBeGreaterThan(0);
  };

  it("to create a key", async () => {
    await same(
      async () => rotator().maker?.create("llm-gateway-dev-1"),
      async () => accountsOf(sdk()).create(PROJECT, { name: "llm-gateway-dev-1" }),
    );
  });

  it("to list keys, page after page", async () => {
    createKeys(230);
    let found: unknown;
    await same(
      async () => {
        found = await rotator().maker?.list("llm-gateway-dev");
      },
      async () => {
        const theirs: unknown[] = [];
        for await (const { id, name } of accountsOf(sdk()).list(PROJECT, { limit: 100 }))
          theirs.push({ id, name });
        expect(found).toEqual(theirs);
        expect(theirs).toHaveLength(230);
      },
    );
  });

  it("to try a key", async () => {
    const { key } = emulated.provider.state.keys.createAccount(PROJECT, "llm-gateway-dev-1", 0);
    await same(
      async () => expect(await rotator().test?.(key.value)).toEqual({ verdict: "accepted" }),
      async () => sdk({ apiKey: key.value }).models.list(),
    );
  });

  it("to revoke a key", async () => {
    const [one, two] = [1, 2].map(
      (n) => emulated.provider.state.keys.createAccount(PROJECT, `x-${n}`, 0).account.id,
    );
    await rotator().revoke?.(one ?? "");
    const [ours] = emulated.recorder.taken();
    await accountsOf(sdk()).delete(two ?? "", { project_id: PROJECT });
    const [theirs] = emulated.recorder.taken();
    const blank = (exchange: Exchange | undefined, id = "") =>
      exchange === undefined ? "none" : { ...seen(exchange), path: exchange.path.replace(id, "<id>") };
    expect(blank(ours, one)).toEqual(blank(theirs, two));
  });
});

describe("requests and answers are of the published types", () => {
  it("each field of a creation, of a list, of a deletion and of a trial", async () => {
    const keys = rotator();
    const made = await keys.maker?.create("llm-gateway-dev-1");
    await keys.maker?.list("llm-gateway-dev");
    await keys.test?.(made?.value ?? "");
    await keys.revoke?.(made?.id ?? "");
    const [created, listed, tried, deleted] = emulated.recorder.taken();
    const { data: accounts, ...page } = pageIn(listed);
    const { data: models, ...list } = pageIn(tried);
    expect(
      misfits([
        [CREATE_PARAMS, created?.body],
        [CREATED, created?.answer],
        [ACCOUNT, accounts[0]],
        [MODEL, models[0]],
        [DELETED, deleted?.answer],
      ]),
    ).toEqual([]);
    const ids = { first_id: made?.id, last_id: made?.id };
    expect(page).toEqual({ object: "list", ...ids, has_more: false });
    expect(list).toEqual({ object: "list" });
  });

  it("finds what would not be", () => {
    const account = { id: "a", name: "b", object: "organization.project.service_account", created_at: 1 };
    const wrong = misfits([
      [ACCOUNT, account],
      [ACCOUNT, { ...account, role: "admin" }],
      [CREATE_PARAMS, { name: "b", scope: "all" }],
    ]);
    expect(wrong).toEqual(["role", "admin", "scope"].map((word) => expect.stringContaining(word)));
  });

  it("what the rotator reads of an answer, every published answer has", () => {
    // Held by the compiler: a published answer that could not be read is an error of this file.
    const readable = (
      created: ServiceAccountCreateResponse,
      page: Pick<ProjectServiceAccountsPage, "data" | "has_more" | "last_id">,
    ): readonly [z.input<typeof createdAccount>, z.input<typeof accountPage>] => [created, page];
    expect(readable).toBeInstanceOf(Function);
  });
});

describe("the emulated provider, for the official SDK", () => {
  it("makes, shows, lists and deletes service accounts, each with one key that works until then", async () => {
    const accounts = accountsOf(sdk());
    const { api_key, id } = await accounts.create(PROJECT, { name: "one" });
    const models = sdk({ apiKey: api_key?.value ?? "" }).models;
    const first: Model | undefined = (await models.list()).data[0];
    expect(first?.object).toBe("model");
    expect(await accounts.retrieve(id, { project_id: PROJECT })).toMatchObject({ id, name: "one" });
    expect((await accounts.list(PROJECT)).data.map((one) => one.id)).toEqual([id]);
    expect((await accounts.list("proj_other")).data).toEqual([]);
    expect((await accounts.delete(id, { project_id: PROJECT })).deleted).toBe(true);
    await expect(models.list()).rejects.toThrow(OpenAI.AuthenticationError);
    await expect(accounts.retrieve(id, { project_id: PROJECT })).rejects.toThrow(OpenAI.NotFoundError);
  });

  it("deletes no service account's key by itself, as documented", async () => {
    const { api_key } = await accountsOf(sdk()).create(PROJECT, { name: "one" });
    const keys = sdk().admin.organization.projects.apiKeys;
    await expect(keys.delete(api_key?.id ?? "", { project_id: PROJECT })).rejects.toThrow(
      OpenAI.BadRequestError,
    );
    const own = emulated.provider.state.keys.putKey("sk-of-a-person");
    emulated.recorder.taken();
    await keys.delete(own.id, { project_id: PROJECT });
    expect(misfits([[KEY_DELETED, emulated.recorder.taken()[0]?.answer]])).toEqual([]);
  });

  it("refuses in the published form", async () => {
    emulated.provider.state.keys.putAdmin("sk-admin-expired", { valid: false, mayManage: true });
    emulated.provider.state.keys.putAdmin("sk-admin-reader", { valid: true, mayManage: false });
    const list = (adminAPIKey: string) => accountsOf(sdk({ adminAPIKey })).list(PROJECT);
    await expect(list("sk-admin-unknown")).rejects.toThrow(OpenAI.AuthenticationError);
    await expect(list("sk-admin-expired")).rejects.toThrow(OpenAI.AuthenticationError);
    await expect(list("sk-admin-reader")).rejects.toThrow(OpenAI.PermissionDeniedError);
    await expect(accountsOf(sdk()).delete("user-none", { project_id: PROJECT })).rejects.toThrow(
      OpenAI.NotFoundError,
    );
    emulated.provider.state.faults.add({ kind: "status", status: 429, retryAfterSeconds: 1, times: 1 });
    await expect(list(ADMIN)).rejects.toThrow(OpenAI.RateLimitError);
    const errors = emulated.recorder
      .taken()
      .map(({ answer }) => (answer as { readonly error: unknown }).error);
    expect(misfits(errors.map((error) => [ERROR, error]))).toEqual([]);
  });
});
