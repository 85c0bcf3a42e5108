import { describe, expect, it } from "vitest";
import { PLACEHOLDERS } from "../../../config/rotation-calls.ts";
import { described, manual } from "../../../jobs/rotator/providers/described.ts";
import { ProviderClient } from "../../../jobs/rotator/providers/provider.ts";
import { recordedProvider } from "./recorded-provider.ts";
import type { Exchange } from "./recorder.ts";

/** A provider that is described by requests and JSON pointers, against one whose paths, headers and shapes are its own. */

const ADMIN = "adm-0123456789abcdef";
const PROJECT = "plain";

const emulated = recordedProvider(ADMIN, PROJECT);

const accounts = () => emulated.provider.state.keys.accounts(PROJECT);
const client = () => new ProviderClient({}, { request: 5, retry: 1, test: 1, sync: 1 });

const headers = { "x-admin-key": "{{admin}}", "x-about": "{{name}}" };
const keysUrl = () => `${emulated.recorder.address}/plain/keys`;

function plain() {
  const withAdmin = { "x-admin-key": "{{admin}}" };
  return {
    kind: "http",
    create: {
      ...{ method: "POST", url: `${keysUrl()}?in={{project}}&as={{name}}`, headers, success: [201] },
      body: { label: "{{name}}", tags: ["of {{project}}", 7], note: { by: "{{ name }}", keep: null } },
      ...{ id: "/result/key~1id", value: "/result/secrets/0" },
    },
    list: {
      ...{ method: "GET", url: `${keysUrl()}?page={{cursor}}`, headers: withAdmin, success: [200] },
      ...{ items: "/result", id: "/key~1id", name: "/label", next: "/paging/next" },
    },
    test: {
      ...{
        method: "GET",
        url: `${emulated.recorder.address}/plain/check`,
        headers: { "x-api-key": "{{key}}" },
      },
      success: [204],
    },
    revoke: {
      ...{ method: "DELETE", url: `${keysUrl()}/{{id}}`, headers: withAdmin, success: [204] },
    },
  } as const satisfies Spec;
}

type Spec = Parameters<typeof described>[1];
type Call = "create" | "list" | "test" | "revoke";

/** The plain provider, but for some fields of one of its requests. */
function rotator(call: Call = "test", fields: object = {}, standing: object = { project: "a/b & c" }) {
  const spec: Spec = plain();
  return described(client(), { ...spec, [call]: { ...spec[call], ...fields } } as Spec, {
    admin: ADMIN,
    ...standing,
  });
}

function createKeys(...names: readonly string[]): void {
  for (const name of names) emulated.provider.state.keys.createAccount(PROJECT, name, 0);
}

const placeholdersOf = (call: Call) => PLACEHOLDERS[call].map((name) => `{{${name}}}`);
/** A client that has this answer for every request. */
const answered = (json: unknown) =>
  ({ ask: async () => ({ status: 200, headers: {}, json }) }) as unknown as ProviderClient;
const line = ({ method, path }: Exchange) => `${method} ${path}`;

describe("a described provider", () => {
  it("makes a key: values stand in URL, headers and everywhere in the body, and id and value are pointed at", async () => {
    const made = await rotator().maker?.create("gateway-1");
    const [account] = accounts();
    expect(made).toEqual({ id: account?.id, name: "gateway-1", value: expect.stringMatching(/^sk-/) });
    expect(account?.name).toBe("gateway-1");
    expect(emulated.provider.state.keys.accepts(made?.value ?? "")).toBe(true);
    const [sent] = emulated.recorder.taken();
    expect(sent?.path).toBe("/plain/keys?in=a%2Fb%20%26%20c&as=gateway-1");
    expect(sent?.headers).toMatchObject({ "x-admin-key": ADMIN, "x-about": "gateway-1" });
    expect(sent?.body).toEqual({
      ...{ label: "gateway-1", tags: ["of a/b & c", 7] },
      note: { by: "gateway-1", keep: null },
    });
  });

  it("lists its own keys, page after page, and no other's whose name begins alike", async () => {
    const own = ["gateway-1", "gateway-2", "gateway-10"];
    createKeys("gateway-1", "gateway-old-1", "gateway-2", "console", "gateway-10");
    const found = await rotator().maker?.list("gateway");
    const ids = new Map(accounts().map(({ id, name }) => [name, id]));
    expect(found).toEqual(own.map((name) => ({ name, id: ids.get(name) })));
    expect(emulated.recorder.taken().map(line)).toEqual(
      ["", "2", "4"].map((page) => `GET /plain/keys?page=${page}`),
    );
  });

  it("lists one page where no next is described, and nothing where nothing is", async () => {
    expect(await rotator().maker?.list("gateway")).toEqual([]);
    createKeys("gateway-1", "gateway-2", "gateway-3");
    expect(await rotator("list", { next: undefined }).maker?.list("gateway")).toHaveLength(2);
  });

  it("takes an id that is a number for a text", async () => {
    const models = {
      url: `${emulated.recorder.address}/v1/models`,
      headers: { authorization: "Bearer {{admin}}" },
    };
    emulated.provider.state.keys.putKey(ADMIN);
    const { maker } = rotator("create", {
      ...{ ...models, method: "GET", body: undefined, success: [200] },
      ...{ id: "/data/0/created", value: "/data/0/id" },
    });
    expect(await maker?.create("gateway-1")).toMatchObject({ id: "1700000000", value: "emulated-1" });
  });

  it("tries a key: accepted, refused, or not to be told while the provider fails", async () => {
    const { key } = emulated.provider.state.keys.createAccount(PROJECT, "gateway-1", 0);
    const tried = (value: string) => rotator().test?.(value);
    expect(await tried(key.value)).toEqual({ verdict: "accepted" });
    expect(await tried("sk-nobody's")).toEqual({ verdict: "refused" });
    emulated.provider.state.faults.add({ kind: "status", status: 503, times: 1 });
    expect(await tried(key.value)).toEqual({ verdict: "unknown" });
    emulated.provider.state.faults.add({ kind: "status", status: 429, retryAfterSeconds: 2, times: 1 });
    expect(await tried(key.value)).toEqual({ verdict: "unknown", pauseMs: 2_000 });
    const unreachable = rotator("test", { url: "http://127.0.0.1:1/check" });
    expect(await unreachable.test?.(key.value)).toEqual({ verdict: "unknown" });
  });

  it("revokes a key for good, and takes one that is gone for revoked", async () => {
    const { account, key } = emulated.provider.state.keys.createAccount(PROJECT, "gateway-1", 0);
    await rotator().revoke?.(account.id);
    expect(emulated.provider.state.keys.accepts(key.value)).toBe(false);
    await rotator().revoke?.(account.id);
    expect(emulated.recorder.taken().map(line)).toEqual(Array(2).fill(`DELETE /plain/keys/${account.id}`));
  });

  it("writes an id into the address so that it is one part of the path", async () => {
    await rotator().revoke?.("../keys?x=1");
    expect(emulated.recorder.taken().map(line)).toEqual(["DELETE /plain/keys/..%2Fkeys%3Fx%3D1"]);
  });
});

describe("errors of a described provider", () => {
  const creating = (fields: object) => rotator("create", fields).maker?.create("gateway-1");
  const listing = (fields: object) => rotator("list", fields).maker?.list("gateway");

  it("a refused admin credential is told with what may be done", async () => {
    emulated.provider.state.keys.putAdmin("adm-expired", { valid: false, mayManage: true });
    emulated.provider.state.keys.putAdmin("adm-reader", { valid: true, mayManage: false });
    const as = (admin: string) => rotator("test", {}, { admin, project: "x" });
    await expect(as("adm-expired").maker?.list("gateway")).rejects.toThrow(
      /found status 401 .*list keys; allowed: a credential that is valid/,
    );
    await expect(as("adm-reader").maker?.create("gateway-1")).rejects.toThrow(
      /found status 403 .*create a key; allowed: a credential that may create, list and revoke/,
    );
  });

  it("an unexpected status is none of success", async () => {
    await expect(creating({ body: {} })).rejects.toThrow(
      /provider, create a key: found status 422; .*compare the provider's declaration with its API/,
    );
    await expect(creating({ success: [200] })).rejects.toThrow(/create a key: found status 201/);
    await expect(
      rotator("revoke", { url: `${keysUrl()}/{{id}}`, success: [200] }).revoke?.(
        emulated.provider.state.keys.createAccount(PROJECT, "gateway-1", 0).account.id,
      ),
    ).rejects.toThrow(/revoke a key: found status 204/);
  });

  it("a list is asked for again while the provider fails, a creation is not: it may have made a key", async () => {
    const failing = { kind: "status", status: 500, times: 1 } as const;
    emulated.provider.state.faults.add(failing);
    expect(await rotator().maker?.list("gateway")).toEqual([]);
    emulated.provider.state.faults.add(failing);
    await expect(creating({})).rejects.toThrow(/create a key: found status 500/);
    expect(emulated.recorder.taken().map(({ method }) => method)).toEqual(["GET", "GET", "POST"]);
  });

  it("a pointer that points at nothing is named, and nothing of the answer is", async () => {
    const wrong = creating({ value: "/result/secret" });
    await expect(wrong).rejects.toThrow(/create a key: found nothing at "\/result\/secret" of the answer/);
    await expect(wrong).rejects.not.toThrow(/sk-/);
    await expect(creating({ id: "/result/secrets" })).rejects.toThrow(/nothing at "\/result\/secrets"/);
    createKeys("gateway-1");
    await expect(listing({ items: "/data" })).rejects.toThrow(/no list at "\/data"; .*correct list\.items/);
    await expect(listing({ id: "/id" })).rejects.toThrow(/no id at "\/id"; .*correct list\.id/);
  });

  it("a name that no key has is the pointer's fault, and one that some have not is theirs", async () => {
    expect(await listing({ name: "/name" })).toEqual([]);
    createKeys("gateway-1", "gateway-2");
    await expect(listing({ name: "/name" })).rejects.toThrow(
      /list keys: found no name at "\/name" in any of 2 keys; .*correct list\.name/,
    );
    const json = { result: [{ label: null }, { label: "gateway-1", "key/id": 7 }] };
    const answering = answered(json);
    expect(await described(answering, plain(), { admin: ADMIN }).maker?.list("gateway")).toEqual([
      { name: "gateway-1", id: "7" },
    ]);
  });

  it("a cursor that does not move ends", async () => {
    const answering = answered({ result: [], paging: { next: "2" } });
    await expect(described(answering, plain(), { admin: ADMIN }).maker?.list("gateway")).rejects.toThrow(
      /more than 1000 pages; .*see that list\.next moves on/,
    );
  });

  it("a request has a value for each placeholder that a declaration may name in it", async () => {
    const naming = (call: Call) => rotator(call, { headers: { "x-all": placeholdersOf(call).join(" ") } });
    await naming("create")
      .maker?.create("gateway-1")
      .catch(() => {});
    await naming("list")
      .maker?.list("gateway")
      .catch(() => {});
    await naming("test").test?.("sk-tried");
    await naming("revoke")
      .revoke?.("user-1")
      .catch(() => {});
    expect(emulated.recorder.taken().map(({ headers }) => headers["x-all"])).toEqual([
      ...[`gateway-1 a/b & c ${ADMIN}`, ` a/b & c ${ADMIN}`.trim()],
      ...[`a/b & c ${ADMIN} sk-tried`, `user-1 a/b & c ${ADMIN}`],
    ]);
  });

  it("a placeholder that has no value is named, with those that have one", async () => {
    await expect(creating({ url: `${keysUrl()}/{{id}}` })).rejects.toThrow(
      "{{id}} stands for nothing in this request; it has admin, project, name",
    );
    expect(emulated.recorder.taken()).toEqual([]);
  });
});

describe("a provider whose keys a person makes", () => {
  it("is asked nothing that is not described", () => {
    expect(Object.keys(manual(client(), { kind: "manual" }, {}))).toEqual([]);
  });

  it("tries and revokes as described, without a maker", async () => {
    const { test, revoke } = plain();
    const keys = manual(client(), { kind: "manual", test, revoke } as Parameters<typeof manual>[1], {
      admin: ADMIN,
    });
    const { account, key } = emulated.provider.state.keys.createAccount(PROJECT, "console", 0);
    expect(keys.maker).toBeUndefined();
    expect(await keys.test?.(key.value)).toEqual({ verdict: "accepted" });
    await keys.revoke?.(account.id);
    expect(await keys.test?.(key.value)).toEqual({ verdict: "refused" });
  });
});
