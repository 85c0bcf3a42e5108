import { z } from "zod";
import type { HttpRequest } from "../../shared/http.ts";
import {
  generationOf,
  type Provider,
  type ProviderClient,
  type ProviderKey,
  providerError,
} from "./provider.ts";

/**
 * OpenAI's admin API (https://platform.openai.com/docs/api-reference/project-service-accounts). A key belongs to a
 * service account of its own, since the API deletes no service account's key: to revoke it is to delete the account.
 */

/** What is read of the published answers; the tests hold these against the official SDK's types. */
export const createdAccount = z.object({
  id: z.string().min(1),
  name: z.string(),
  api_key: z.object({ value: z.string().min(1) }).nullable(),
});
export const accountPage = z.object({
  data: z.array(z.object({ id: z.string().min(1), name: z.string() })),
  has_more: z.boolean(),
  last_id: z.string().nullish(),
});

const PAGE_LIMIT = 100;

export interface OpenAiConnection {
  readonly baseUrl: string;
  readonly project: string;
  readonly adminKey: string;
}

export function openAi(client: ProviderClient, connection: OpenAiConnection): Provider {
  const requests = openAiRequests(connection);
  return {
    maker: {
      async create(name) {
        const options = { again: false, success: [200, 201] };
        const answer = await client.ask("create a service account", requests.create(name), options);
        const account = createdAccount.safeParse(answer.json);
        if (!account.success || account.data.api_key === null) {
          throw providerError(
            "create a service account",
            "an answer without an API key",
            "see that the project lets service accounts have keys",
          );
        }
        return { id: account.data.id, name, value: account.data.api_key.value };
      },
      async list(prefix) {
        const found: ProviderKey[] = [];
        for (let after: string | undefined; ; ) {
          const options = { again: true, success: [200] };
          const answer = await client.ask("list service accounts", requests.list(after), options);
          const page = accountPage.safeParse(answer.json);
          if (!page.success)
            throw providerError("list service accounts", "an answer that is no page", "see its API");
          const { data, has_more, last_id } = page.data;
          found.push(...data.filter(({ name }) => generationOf(prefix, name) !== undefined));
          after = last_id ?? data.at(-1)?.id;
          if (!has_more || after === undefined) return found.map(({ id, name }) => ({ id, name }));
        }
      },
    },
    test: (value) => client.verdict(requests.test(value), [200]),
    async revoke(id) {
      const options = { again: true, success: [200, 404] };
      await client.ask("delete a service account", requests.revoke(id), options);
    },
  };
}

/** The requests as the published API has them; the tests compare them with those that the official SDK sends. */
export function openAiRequests({ baseUrl, project, adminKey }: OpenAiConnection) {
  const root = baseUrl.replace(/\/+$/, "");
  const accounts = `${root}/organization/projects/${encodeURIComponent(project)}/service_accounts`;
  const headers = { authorization: `Bearer ${adminKey}` };
  return {
    create: (name: string): HttpRequest => ({ method: "POST", url: accounts, headers, body: { name } }),
    list: (after?: string): HttpRequest => {
      const cursor = after === undefined ? "" : `&after=${encodeURIComponent(after)}`;
      return { method: "GET", url: `${accounts}?limit=${PAGE_LIMIT}${cursor}`, headers };
    },
    revoke: (id: string): HttpRequest => ({
      method: "DELETE",
      url: `${accounts}/${encodeURIComponent(id)}`,
      headers,
    }),
    test: (value: string): HttpRequest => ({
      method: "GET",
      url: `${root}/models`,
      headers: { authorization: `Bearer ${value}` },
    }),
  };
}
