import { parseSettings } from "../../../config/parse.ts";
import type { Settings } from "../../../config/schema.ts";
import { changed, declared, type Raw } from "../config/declarations.ts";

/** A key that fits the reference declaration: its secret is refreshed every hour. */
export const referenceKey = {
  provider: "openai",
  path: "llm/openai",
  property: "api_key",
  schedule: "0 3 * * 1",
  overlap: "24h",
  admin: "platform/openai-admin#api_key",
  project: "proj_abc",
  name: "llm-gateway",
};

/** A provider that is described. */
export const acme = {
  kind: "http",
  create: {
    method: "POST",
    url: "https://api.acme.example/keys",
    headers: { authorization: "Bearer {{admin}}" },
    body: { name: "{{name}}" },
    success: [201],
    id: "/id",
    value: "/secret",
  },
  list: {
    method: "GET",
    url: "https://api.acme.example/keys?after={{cursor}}",
    headers: { authorization: "Bearer {{admin}}" },
    success: [200],
    items: "/data",
    id: "/id",
    name: "/name",
    next: "/next",
  },
  test: {
    method: "GET",
    url: "https://api.acme.example/whoami",
    headers: { authorization: "Bearer {{key}}" },
    success: [200],
  },
  revoke: {
    method: "DELETE",
    url: "https://api.acme.example/keys/{{id}}",
    headers: { authorization: "Bearer {{admin}}" },
    success: [200, 404],
  },
};

/** The dev stack's declaration with these keys, each the reference key but for its fields. */
export function withKeys(keys: Readonly<Record<string, object>>, rotation: object = {}): Raw {
  const declaredKeys = Object.entries(keys).map(([name, fields]) => [name, { ...referenceKey, ...fields }]);
  return { ...declared("dev"), rotation: { keys: Object.fromEntries(declaredKeys), ...rotation } };
}

/** As {@link withKeys}, with other secrets in the namespace llm. */
export function withSecrets(raw: Raw, secrets: Readonly<Record<string, object>>): Raw {
  const { namespaces } = changed(["namespaces", "llm", "services", "llm-gateway", "secrets"], secrets);
  return { ...raw, namespaces };
}

export function rotating(
  keys: Readonly<Record<string, object>> = { "openai-llm": {} },
  rotation: object = {},
): Settings {
  return parseSettings(withKeys(keys, rotation), "Pulumi.test.yaml");
}
