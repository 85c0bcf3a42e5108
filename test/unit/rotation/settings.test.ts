import { expect, it } from "vitest";
import { rotationCollisions } from "../../../config/rotation-siblings.ts";
import { settingsOf } from "../arbitrary-settings.ts";
import { acme, referenceKey, rotating, withKeys } from "./declarations.ts";

it("fills in what a key leaves out", () => {
  expect(rotating().rotation).toEqual({
    namespace: "vault-rotation",
    create: true,
    image: expect.stringMatching(/^docker\.io\/library\/node:24-alpine@sha256:/),
    keys: [
      {
        name: "openai-llm",
        provider: "openai",
        providerSpec: { kind: "openai", baseUrl: "https://api.openai.com/v1" },
        live: { mount: "kv", path: "llm/openai", property: "api_key" },
        state: { mount: "kv", path: "rotation/openai-llm" },
        admin: { mount: "kv", path: "platform/openai-admin", property: "api_key" },
        project: "proj_abc",
        namePrefix: "llm-gateway-dev-openai-llm",
        schedule: "0 3 * * 1",
        timeZone: "Etc/UTC",
        overlap: "24h",
        rolloutTime: "5m",
        consumers: [
          {
            namespace: "llm",
            externalSecret: "openai-api-key",
            refreshInterval: "1h",
          },
        ],
        restarts: [],
      },
    ],
  });
});

it("takes a provider's description over, and the base URL of a proxy", () => {
  const { rotation } = rotating({ "openai-llm": { provider: "acme" } }, { providers: { acme } });
  expect(rotation?.keys[0]?.providerSpec).toMatchObject({ kind: "http", revoke: { method: "DELETE" } });
  const proxied = rotating({ "openai-llm": { baseUrl: "http://127.0.0.1:9000/v1" } });
  expect(proxied.rotation?.keys[0]?.providerSpec).toEqual({
    kind: "openai",
    baseUrl: "http://127.0.0.1:9000/v1",
  });
});

it("is absent where no key rotates", () => {
  expect(settingsOf("dev").rotation).toBeUndefined();
  expect(rotating({}).rotation).toBeUndefined();
});

it("claims its names at the provider for one stack", () => {
  const settings = rotating();
  const same = withKeys({ "openai-llm": {} });
  expect(rotationCollisions(settings, "Pulumi.eu.yaml", same)).toEqual([
    expect.objectContaining({
      path: "rotation.keys.openai-llm.name",
      found: expect.stringContaining("Pulumi.eu.yaml"),
    }),
  ]);
  for (const other of [
    { ...same, environment: "eu" },
    withKeys({ "openai-llm": { ...referenceKey, project: "proj_other" } }),
    withKeys({ another: {} }),
    { rotation: "not a map" },
  ]) {
    expect(rotationCollisions(settings, "Pulumi.eu.yaml", other)).toEqual([]);
  }
});
