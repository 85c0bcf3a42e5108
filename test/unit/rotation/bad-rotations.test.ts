import { describe, expect, it } from "vitest";
import { type BadInput, declared, expectRefused, problemsIn } from "../config/declarations.ts";
import { acme, referenceKey, withKeys, withSecrets } from "./declarations.ts";

const at = (field: string) => `rotation.keys.openai-llm.${field}`;
const key = (fields: object, rotation: object = {}) => withKeys({ "openai-llm": fields }, rotation);
const secrets = (fields: object) => ({
  "openai-api-key": { data: { api_key: "llm/openai#api_key" }, ...fields },
});

describe("a key's own fields", () => {
  const schedules = [
    "@daily",
    "0 3 * *",
    "0 0 3 * * 1",
    "60 3 * * *",
    "0 3 * * 7",
    "0 3 L * *",
    "0 3 * * MON-SUN",
    "5/15 * * * *",
    "CRON_TZ=UTC 0 3 * * *",
  ];
  expectRefused([
    ...schedules.map(
      (schedule): BadInput => [
        `the schedule ${schedule}`,
        key({ schedule }),
        at("schedule"),
        new RegExp(schedule.replace(/[*/]/g, ".")),
        /five fields/,
        /0 3 \* \* 1/,
      ],
    ),
    [
      "a zone that does not exist",
      key({ timeZone: "Europe/Berln" }),
      at("timeZone"),
      /Berln/,
      /IANA/,
      /write Europe\/Berlin/,
    ],
    [
      "a zone in another case",
      key({ timeZone: "europe/berlin" }),
      at("timeZone"),
      /europe/,
      /IANA/,
      /write Europe\/Berlin/,
    ],
    ["an offset", key({ timeZone: "+02:00" }), at("timeZone"), /\+02:00/, /IANA/, /no offset/],
    [
      "an image without digest",
      key({}, { image: "node:24-alpine" }),
      "rotation.image",
      /node:24-alpine/,
      /digest/,
      /pin it/,
    ],
    [
      "a long name",
      withKeys({ ["k".repeat(46)]: {} }),
      `rotation.keys.${"k".repeat(46)}`,
      /the name/,
      /at most 45/,
      /rename/,
    ],
    [
      "a provider that is not described",
      key({ provider: "opnai" }),
      at("provider"),
      /opnai/,
      /openai/,
      /write openai/,
    ],
    [
      "another one's base URL",
      key({ provider: "acme", baseUrl: "https://x.example" }, { providers: { acme } }),
      at("baseUrl"),
      /acme/,
      /openai alone/,
      /remove it/,
    ],
    [
      "no admin credential",
      key({ admin: undefined }),
      at("admin"),
      /nothing, with provider openai/,
      /create, list and revoke/,
      /platform\/openai-admin#api_key/,
    ],
    [
      "no project",
      key({ project: undefined }),
      at("project"),
      /nothing, with provider openai/,
      /project at the provider/,
      /project: proj_abc/,
    ],
    [
      "no project where a request names it",
      key(
        { provider: "acme", project: undefined },
        { providers: { acme: { ...acme, revoke: { ...acme.revoke, body: { in: "{{project}}" } } } } },
      ),
      at("project"),
      /nothing, with provider acme/,
      /requests name/,
      /project: proj_abc/,
    ],
    [
      "an admin credential that nothing takes",
      key({ provider: "anthropic" }, { providers: { anthropic: { kind: "manual" } } }),
      at("admin"),
      /no request of anthropic/,
      /makes, lists or revokes/,
      /remove it/,
    ],
    [
      "an admin credential without property",
      key({ admin: "platform/openai-admin" }),
      at("admin"),
      /platform/,
      /path#property/,
      /property/,
    ],
  ]);

  it("refuses a mount that is not declared, and says that nobody reads there", () => {
    expect(problemsIn(key({ mount: "kv-other" })).map(({ path }) => path)).toEqual([at("mount"), at("path")]);
  });
});

describe("when a key rotates", () => {
  expectRefused([
    [
      "a day that never comes",
      key({ schedule: "0 0 30 2 *" }),
      at("schedule"),
      /never fires/,
      /next run/,
      /day that the month has/,
    ],
    [
      "runs within the overlap",
      key({ schedule: "0 */6 * * *" }),
      at("schedule"),
      /after 6h, within the overlap of 24h/,
      /further apart/,
      /rotate less often/,
    ],
    [
      "two runs of a week within the overlap",
      key({ schedule: "0 3 * * 1,2" }),
      at("schedule"),
      /after 24h/,
      /further apart/,
      /shorten overlap/,
    ],
    [
      "an hour that the clock's change cuts short",
      key({ schedule: "0 3 * * *", timeZone: "Europe/Berlin", overlap: "23h" }),
      at("schedule"),
      /after 23h/,
      /further apart/,
      /shorten/,
    ],
    [
      "an overlap too short for the refresh",
      key({ overlap: "2h" }),
      at("overlap"),
      /2h/,
      /at least 2h6m30s = 2 x 1h \(refreshInterval of llm\/openai-api-key\) \+ 90s \+ 5m \(rolloutTime\)/,
      /write overlap: 2h6m30s/,
    ],
    [
      "an overlap too short for the restart",
      key({ overlap: "3h", rolloutTime: "1h" }),
      at("overlap"),
      /3h/,
      /3h1m30s/,
      /3h1m30s/,
    ],
  ]);

  it("takes the least overlap, and a longer one", () => {
    expect(problemsIn(key({ overlap: "2h6m30s" }))).toEqual([]);
    expect(problemsIn(key({ overlap: "72h" }))).toEqual([]);
  });
});

describe("who reads a key", () => {
  expectRefused([
    [
      "a path that nobody reads",
      key({ path: "llm/opena" }),
      at("path"),
      /llm\/opena#api_key.*no declared secret/,
      /ExternalSecret/,
      /is it llm\/openai#api_key\?/,
    ],
    [
      "a property that nobody reads",
      key({ property: "other" }),
      at("path"),
      /llm\/openai#other/,
      /property/,
      /declare the secret/,
    ],
    [
      "a pinned version",
      withSecrets(
        key({}),
        secrets({ data: { api_key: { remoteRef: { key: "llm/openai", property: "api_key", version: 3 } } } }),
      ),
      "namespaces.llm.services.llm-gateway.secrets.openai-api-key",
      /version 3/,
      /newest version/,
      /remove version/,
    ],
    [
      "a restart where nobody reads",
      key({ restart: [{ namespace: "user", kind: "Deployment", name: "web" }] }),
      "rotation.keys.openai-llm.restart[0].namespace",
      /user/,
      /^llm$/,
      /nothing to restart/,
    ],
    [
      "the namespace of workloads",
      key({}, { namespace: "user" }),
      "rotation.namespace",
      /workloads/,
      /of its own/,
      /vault-rotation/,
    ],
    [
      "the operator's namespace",
      key({}, { namespace: "vault" }),
      "rotation.namespace",
      /operator's/,
      /of its own/,
      /vault-rotation/,
    ],
  ]);
});

describe("who writes where", () => {
  const two = (fields: object) =>
    withSecrets(
      withKeys({ "openai-llm": {}, other: fields }),
      secrets({ data: { api_key: "llm/openai#api_key", org: "llm/openai#org", b: "llm/b#api_key" } }),
    );
  expectRefused([
    [
      "two keys of one place",
      two({ name: "b" }),
      "rotation.keys.other.path",
      /llm\/openai#api_key.*as at rotation.keys.openai-llm.path/,
      /one rotation writes/,
      /remove one/,
    ],
    [
      "two properties of one secret",
      two({ name: "b", property: "org" }),
      "rotation.keys.other.path",
      /llm\/openai.*as at/,
      /one rotation for each KV secret/,
      /path of its own/,
    ],
    [
      "the admin credential at the key's path",
      key({ admin: "llm/openai#admin" }),
      at("admin"),
      /own path/,
      /could make keys/,
      /elsewhere/,
    ],
    [
      "the admin credential at another key's path",
      two({ path: "llm/b", admin: "llm/openai#api_key" }),
      "rotation.keys.other.admin",
      /openai-llm rotates/,
      /could make keys/,
      /elsewhere/,
    ],
    [
      "an admin credential in a rotator's slot",
      key({ admin: "rotation/openai-llm#key" }),
      at("admin"),
      /rotation\/openai-llm/,
      /do not begin with rotation/,
      /move it/,
    ],
    [
      "a secret that reads a rotator's slot",
      withSecrets(key({}), { ...secrets({}), spy: { data: { key: "rotation/openai-llm#previous" } } }),
      "namespaces.llm.services.llm-gateway.secrets.spy",
      /rotation\/openai-llm/,
      /do not begin with rotation/,
      /move it/,
    ],
    [
      "one provider-side name of two keys",
      withSecrets(
        withKeys({ "x-dev-b": { name: "a" }, b: { path: "llm/b", name: "a-dev-x" } }),
        secrets({ data: { api_key: "llm/openai#api_key", b: "llm/b#api_key" } }),
      ),
      "rotation.keys.b.name",
      /a-dev-x-dev-b.*as for rotation.keys.x-dev-b/,
      /each one key's/,
      /change name/,
    ],
  ]);

  it("refuses a slot of the rotators also where no key rotates", () => {
    const raw = withSecrets(declared("dev"), { spy: { data: { key: "rotation/openai-llm#previous" } } });
    expect(problemsIn(raw)).toHaveLength(1);
  });
});

/** Placeholders of other requests: part, field, what it is given, what is found, what is allowed. */
const strangers: readonly (readonly [string, string, object, string, string])[] = [
  ["create", "url", { url: "https://acme.example/{{id}}" }, "{{id}}", "{{name}}, {{project}}"],
  ["list", "url", { url: "https://acme.example/{{name}}" }, "{{name}}", "{{cursor}}, {{project}}"],
  ["test", "url", { url: "https://acme.example/{{id}}" }, "{{id}}", "{{project}}"],
  ["revoke", "url", { url: "https://acme.example/{{cursor}}" }, "{{cursor}}", "{{id}}, {{project}}"],
  ["create", "headers.x-key", { headers: { "x-key": "{{key}}" } }, "{{key}}", "{{admin}}"],
  ["list", "headers.x-key", { headers: { "x-key": "{{key}}" } }, "{{key}}", "{{admin}}"],
  ["revoke", "headers.x-key", { headers: { "x-key": "{{key}}" } }, "{{key}}", "{{admin}}"],
  ["create", "body.key", { body: { key: "{{key}}" } }, "{{key}}", "{{name}}, {{project}}, {{admin}}"],
  ["list", "body.at", { body: { at: "{{id}}" } }, "{{id}}", "{{cursor}}, {{project}}, {{admin}}"],
  ["revoke", "body.at", { body: { at: "{{ id }}" } }, "{{ id }}", "{{id}}, {{project}}, {{admin}}"],
];

describe("a provider's description", () => {
  const provider = (part: string, fields: object) =>
    key(
      { provider: "acme" },
      { providers: { acme: { ...acme, [part]: { ...acme[part as "test"], ...fields } } } },
    );
  expectRefused([
    [
      "the built-in name",
      key({}, { providers: { openai: acme } }),
      "rotation.providers.openai",
      /built in/,
      /other names/,
      /rename/,
    ],
    [
      "another kind",
      key({ provider: "acme" }, { providers: { acme: { kind: "grpc" } } }),
      "rotation.providers.acme.kind",
      /grpc/,
      /http.*manual/,
      /./,
    ],
    [
      "an address without TLS",
      provider("test", { url: "http://api.acme.example" }),
      "rotation.providers.acme.test.url",
      /http:/,
      /https/,
      /e\.g\./,
    ],
    [
      "a credential in the address",
      provider("test", { url: "https://api.acme.example/{{key}}" }),
      "rotation.providers.acme.test.url",
      /key/,
      /never a credential/,
      /headers/,
    ],
    [
      "a credential written out",
      provider("revoke", { headers: { authorization: "Bearer sk-abc" } }),
      "rotation.providers.acme.revoke.headers.authorization",
      /^a credential written out \(not shown\)$/,
      /\{\{admin\}\}/,
      /replaced/,
    ],
    [
      "a credential written out in a body",
      provider("create", { body: { auth: { secrets: ["{{admin}}", "sk-abc"] } } }),
      "rotation.providers.acme.create.body.auth.secrets[1]",
      /^a credential written out \(not shown\)$/,
      /\{\{admin\}\}/,
      /replaced/,
    ],
    [
      "a credential written out in a query",
      provider("list", { url: "https://api.acme.example/keys?after={{cursor}}&api_key=sk-abc" }),
      "rotation.providers.acme.list.url",
      /^an address with a credential written out \(not shown\)$/,
      /never a credential/,
      /headers or body/,
    ],
    ...strangers.map(
      ([part, field, fields, found, allowed]): BadInput => [
        `${found} in the ${field} of ${part}`,
        provider(part, fields),
        `rotation.providers.acme.${part}.${field}`,
        new RegExp(found.replace(/[{}]/g, "\\$&")),
        new RegExp(allowed.replace(/[{}]/g, "\\$&")),
        /\{\{/,
      ],
    ),
    [
      "no JSON pointer",
      provider("create", { value: "secret" }),
      "rotation.providers.acme.create.value",
      /secret/,
      /RFC 6901/,
      /\/key\/value/,
    ],
  ]);

  it("is taken as it is", () => {
    expect(problemsIn(key({ provider: "acme" }, { providers: { acme } }))).toEqual([]);
  });

  it("may have credentials from Vault in bodies, and what only reads like one", () => {
    const url = "https://api.acme.example/keys?page_token={{cursor}}&key=";
    const auth = { token: "{{admin}}", project: "{{project}}", max_tokens: 7, plain: "sk" };
    for (const raw of [
      provider("test", { method: "POST", body: { api_key: "{{key}}", signed_by: "{{admin}}" } }),
      provider("list", { method: "POST", url, body: { auth, key_name: "", list: [null, true, "x"] } }),
    ])
      expect(problemsIn(raw)).toEqual([]);
  });
});

it("reports the problems of several keys together", () => {
  const raw = withKeys({ a: { ...referenceKey, provider: "x" }, b: { overlap: "1h", path: "llm/nowhere" } });
  expect(problemsIn(raw).map(({ path }) => path)).toEqual([
    "rotation.keys.a.provider",
    "rotation.keys.b.path",
  ]);
});
