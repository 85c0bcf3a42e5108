import { readFileSync } from "node:fs";
import Anthropic from "@anthropic-ai/sdk";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { parseSettings } from "../../../config/parse.ts";
import { manual } from "../../../jobs/rotator/providers/described.ts";
import { ProviderClient } from "../../../jobs/rotator/providers/provider.ts";
import { declared } from "../config/declarations.ts";
import { withSecrets } from "../rotation/declarations.ts";
import { misfits, type Published } from "./published-types.ts";
import { recordedProvider } from "./recorded-provider.ts";
import type { Exchange } from "./recorder.ts";

/**
 * The provider that the docs describe for Anthropic's keys, against Anthropic's API as Anthropic publishes it: the official
 * SDK, which is made from the published OpenAPI document, says what requests are and, by its types, what answers are.
 */

const ADMIN = "sk-ant-admin-0123456789abcdef";
const KEY = "sk-ant-api-of-a-person";
const keysModule = "@anthropic-ai/sdk/resources/organization/api-keys";
const UPDATE_PARAMS: Published = [keysModule, "APIKeyUpdateParams"];
const API_KEY: Published = [keysModule, "APIKey"];
const ERROR: Published = ["@anthropic-ai/sdk/resources/shared", "ErrorResponse"];

const emulated = recordedProvider(ADMIN, "of-nobody");
const address = () => `${emulated.recorder.address}/anthropic`;

const page = readFileSync(new URL("../../../docs/rotation.md", import.meta.url), "utf8");
const example = /such as Anthropic, is `kind: manual`.*?```yaml\n(.*?)```/s.exec(page)?.[1] ?? "";

const secrets = { anthropic: { refreshInterval: "1h", data: { api_key: "llm/anthropic#api_key" } } };

/** The provider that the docs declare, but for its address. */
function rotator(admin = ADMIN) {
  const { "vault-management:rotation": rotation } = parse(
    example.replaceAll("https://api.anthropic.com", address()),
  );
  const { providerSpec } =
    parseSettings({ ...withSecrets(declared("dev"), secrets), rotation }, "docs").rotation?.keys[0] ?? {};
  if (providerSpec?.kind !== "manual") throw new Error("the docs declare no manual provider");
  return manual(new ProviderClient({}, { request: 5, retry: 1, test: 1, sync: 1 }), providerSpec, { admin });
}

const sdk = (apiKey = ADMIN) => new Anthropic({ apiKey, baseURL: address(), maxRetries: 0 });

/** All that the API sees of a request; what else the SDK tells in headers is about itself. */
function seen({ method, path, body, headers }: Exchange) {
  const { authorization, "anthropic-version": version } = headers;
  return { method, path, body, authorization, version };
}

describe("the requests that the docs describe are those of the official SDK", () => {
  it("to try a key", async () => {
    emulated.provider.state.keys.putKey(KEY);
    expect(await rotator().test?.(KEY)).toEqual({ verdict: "accepted" });
    const sent = emulated.recorder.taken().map(seen);
    await sdk(KEY).models.list();
    expect(sent).toEqual(emulated.recorder.taken().map(seen));
  });

  it("to archive a key, which ends it", async () => {
    const { id } = emulated.provider.state.keys.putKey(`${KEY}-2`);
    await rotator().revoke?.(id);
    expect(emulated.provider.state.keys.accepts(`${KEY}-2`)).toBe(false);
    const sent = emulated.recorder.taken();
    await sdk().organization.apiKeys.update(id, { status: "archived" });
    expect(sent.map(seen)).toEqual(emulated.recorder.taken().map(seen));
    expect(
      misfits([
        [UPDATE_PARAMS, sent[0]?.body],
        [API_KEY, sent[0]?.answer],
      ]),
    ).toEqual([]);
  });
});

describe("what the provider refuses", () => {
  it("is a key that is none", async () => {
    expect(await rotator().test?.("sk-ant-of-nobody")).toEqual({ verdict: "refused" });
  });

  it("is an admin key that may not manage keys, and one that is none; and says so in the published form", async () => {
    emulated.provider.state.keys.putAdmin("sk-ant-admin-reader", { valid: true, mayManage: false });
    const { id } = emulated.provider.state.keys.putKey(`${KEY}-3`);
    await expect(rotator("sk-ant-admin-reader").revoke?.(id)).rejects.toThrow(/status 403/);
    await expect(rotator("sk-ant-admin-none").revoke?.(id)).rejects.toThrow(/status 401/);
    await expect(sdk("sk-ant-admin-none").organization.apiKeys.retrieve(id)).rejects.toThrow(
      Anthropic.AuthenticationError,
    );
    expect(emulated.provider.state.keys.accepts(`${KEY}-3`)).toBe(true);
    const answers = emulated.recorder.taken().map(({ answer }) => [ERROR, answer] as const);
    expect(misfits(answers)).toEqual([]);
  });

  it("is no key that is gone: there is nothing left to end", async () => {
    await rotator().revoke?.("apikey_of_nobody");
    expect(emulated.recorder.taken().map(({ status }) => status)).toEqual([404]);
  });
});
