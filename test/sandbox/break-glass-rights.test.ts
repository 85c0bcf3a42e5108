import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import {
  deniedGroups,
  deniedMetadata,
  deniedPaths,
  MOST_PAIRS,
  memoryPlace,
} from "../../access/operators/denial.ts";
import { applyVault } from "../../cli/bootstrap/apply.ts";
import type { VaultClient } from "../../clients/vault.ts";
import type { Settings } from "../../config/schema.ts";
import type { RunningSandbox } from "../../sandbox/sandbox.ts";
import { logIn, logins, prepareReaders, type Reader, removeReaders } from "./break-glass-rights/readers.ts";
import { admin, denied, forBreakGlass, forNeither, group, other } from "./break-glass-rights/requests.ts";
import { useSandbox } from "./harness.ts";
import { rootVault } from "./main-job/ground.ts";
import { cleanUp, clientWith, environment, kv, settingsFor } from "./operators/ground.ts";
import type { Request } from "./operators/requests.ts";

const rotation = {
  keys: {
    team: {
      provider: "openai",
      path: "team/db",
      property: "user",
      schedule: "0 3 * * 1",
      overlap: "24h",
      admin: "platform/openai-admin#api_key",
      project: "proj_abc",
      name: "optest",
    },
  },
};

/** The two operators of an emergency with their generated policies and nothing else, on a real Vault. */
describe("break-glass in Vault", () => {
  let sandbox: RunningSandbox;
  let settings: Settings;
  let root: VaultClient;
  let breakGlass: VaultClient;
  let restore: VaultClient;
  let secretAdmin: VaultClient;
  const [first, second] = deniedGroups(environment);
  const memory = { mount: kv, path: `break-glass/${environment}` };

  beforeAll(async () => {
    sandbox = await useSandbox();
    root = await rootVault(sandbox);
    settings = settingsFor(sandbox, { rotation });
    await applyVault(root, settings);
    await root.write(`sys/mounts/${kv}`, { type: "kv", options: { version: "2" } });
    // A new KV v2 mount answers 400 while Vault prepares its storage.
    for (const path of [denied, other, admin]) {
      await vi.waitFor(() => root.write(path, { data: { value: "v" } }), { timeout: 20_000 });
    }
    await prepareReaders(root);
    const as = (operator: string) => clientWith(root, sandbox, `vault-management.${environment}.${operator}`);
    [breakGlass, restore, secretAdmin] = await Promise.all([
      as("break-glass"),
      as("break-glass-restore"),
      as("secret-admin"),
    ]);
  });

  afterAll(async () => {
    await removeReaders(root);
    await cleanUp(root);
    await Promise.all([breakGlass, restore, secretAdmin, root].map((client) => client.close()));
  });

  async function deny(by: VaultClient, readers: readonly Reader[], paths: readonly string[]): Promise<void> {
    await by.write(group, {
      member_entity_ids: readers.map(({ entity }) => entity),
      metadata: deniedMetadata(paths),
    });
  }

  async function refused(client: VaultClient, [what, method, path, body]: Request): Promise<void> {
    await expect(client.request(method, path, body), what).rejects.toMatchObject({ status: 403 });
  }

  describe("a denied path", () => {
    let service: Reader;
    let batch: Reader;
    let bystander: Reader;

    beforeAll(async () => {
      service = await logIn(root, sandbox, "optest-reader");
      batch = await logIn(root, sandbox, "optest-reader", "batch");
      bystander = await logIn(root, sandbox, "optest-bystander");
      expect(batch.entity).toBe(service.entity);
      expect([await service.reads(denied), await batch.reads(denied)]).toEqual(["read", "read"]);
      await deny(breakGlass, [service], [denied]);
    });

    it("is refused at once to the service token and the batch token that read it before, whatever pattern grants it", async () => {
      expect([await service.reads(denied), await batch.reads(denied)]).toEqual([403, 403]);
    });

    it("is refused to a fresh login", async () => {
      const again = await logIn(root, sandbox, "optest-reader");
      expect(again.entity).toBe(service.entity);
      expect(await again.reads(denied)).toBe(403);
    });

    it("is all that is refused: other paths and other readers go on", async () => {
      expect([await service.reads(other), await bystander.reads(denied)]).toEqual(["read", "read"]);
    });

    it("shows to break-glass in Vault's own words, by the reader's accessor", async () => {
      const asked = { accessor: service.accessor, paths: [denied, other] };
      const { data } = await breakGlass.write("sys/capabilities-accessor", asked);
      expect(data).toMatchObject({ [denied]: ["deny"], [other]: ["read"] });
    });

    it("stays refused when bootstrap runs, which mends the policy of a group and nothing that is denied", async () => {
      const changed = async () =>
        (await applyVault(root, settings)).filter(({ action }) => action !== "keep");
      expect(await changed()).toEqual([]);
      await root.write(group, { policies: ["somebody-elses"] });
      expect(await changed()).toMatchObject([{ path: group, action: "change", fields: ["policies"] }]);
      const { metadata = {}, policies } = (await breakGlass.read(group)) ?? {};
      expect(policies).toEqual([first?.policy]);
      expect(deniedPaths(metadata as Readonly<Record<string, unknown>>)).toEqual([denied]);
      expect(await service.reads(denied)).toBe(403);
    });

    it("can be one of as many as a group has room for, of eight segments too", async () => {
      const deep = `${kv}/data/a/b/c/d/e/f`;
      await root.write(deep, { data: { value: "v" } });
      const paths = [
        ...Array.from({ length: 13 }, (_, index) => `${kv}/data/team/key-${index}`),
        denied,
        deep,
      ];
      expect(Object.keys(deniedMetadata(paths)).length).toBe(MOST_PAIRS);
      await deny(breakGlass, [service], paths);
      expect([await service.reads(denied), await service.reads(deep)]).toEqual([403, 403]);
      // Vault's own answer to a path that was never written, and to the shorter path that a longer one begins with.
      expect(await service.reads(`${kv}/data/team/key-12`)).toBe(403);
      expect(await service.reads(`${kv}/data/a/b`)).toBe("read");
      const tooMany = { ...deniedMetadata(paths), more: "x" };
      await expect(breakGlass.write(group, { metadata: tooMany })).rejects.toMatchObject({ passing: true });
    });

    it("is read again once the other operator has lifted it", async () => {
      await deny(restore, [], []);
      expect([await service.reads(denied), await batch.reads(denied)]).toEqual(["read", "read"]);
    });
  });

  it("denies the first login of somebody whom Vault does not know yet", async () => {
    const mounts = (await breakGlass.read("sys/auth")) as Readonly<Record<string, { accessor?: string }>>;
    const alias = { name: "optest-newcomer", mount_accessor: mounts[`${logins}/`]?.accessor };
    const { data } = await breakGlass.write("identity/entity-alias", alias);
    await breakGlass.write(second?.path ?? "", {
      member_entity_ids: [data?.canonical_id],
      metadata: deniedMetadata([denied]),
    });
    const newcomer = await logIn(root, sandbox, "optest-newcomer");
    expect(newcomer.entity).toBe(data?.canonical_id);
    expect([await newcomer.reads(denied), await newcomer.reads(other)]).toEqual([403, "read"]);
    expect((await breakGlass.write("identity/entity-alias", alias)).status).toBe(204);
  });

  it("freezes a login: its tokens and new logins are refused until the other operator lets it in again", async () => {
    const service = await logIn(root, sandbox, "optest-frozen");
    const batch = await logIn(root, sandbox, "optest-frozen", "batch");
    const entity = `identity/entity/id/${service.entity}`;
    await breakGlass.write(entity, { disabled: true });
    expect([await service.reads(other), await batch.reads(other)]).toEqual([403, 403]);
    await expect(logIn(root, sandbox, "optest-frozen")).rejects.toMatchObject({ status: 403 });

    await refused(breakGlass, ["to let it in again", "POST", entity, { disabled: false }]);
    await refused(restore, ["to freeze", "POST", entity, { disabled: true }]);
    await restore.write(entity, { disabled: false });
    expect([
      await batch.reads(other),
      await (await logIn(root, sandbox, "optest-frozen")).reads(other),
    ]).toEqual(["read", "read"]);
  });

  it("finds tokens by their accessor and ends them", async () => {
    const reader = await logIn(root, sandbox, "optest-ended");
    expect(await breakGlass.list("auth/token/accessors")).toContain(reader.accessor);
    const { data } = await breakGlass.write("auth/token/lookup-accessor", { accessor: reader.accessor });
    expect(data).toMatchObject({ entity_id: reader.entity });
    await breakGlass.write("auth/token/revoke-accessor", { accessor: reader.accessor });
    expect(await reader.reads(other)).toBe(403);
  });

  it("destroys versions and sees that they are, of a secret declared since as well", async () => {
    const path = "team/declared-since";
    await root.write(`${kv}/data/${path}`, { data: { value: "v" } });
    await breakGlass.write(`${kv}/destroy/${path}`, { versions: [1] });
    const { versions } = (await restore.read(`${kv}/metadata/${path}`)) ?? {};
    expect(versions).toMatchObject({ 1: { destroyed: true } });
  });

  it("reads the admin credential with which the provider's keys are revoked", async () => {
    expect(await breakGlass.read(admin)).toMatchObject({ data: { value: "v" } });
  });

  describe("the memory", () => {
    const at = `${memory.mount}/data/${memory.path}`;

    it("stands in the first KV mount and is written with check-and-set: of two at once one is refused", async () => {
      expect(memoryPlace(settings)).toEqual(memory);
      const write = (by: VaultClient, cas: number) =>
        by.write(at, { options: { cas }, data: { incidents: "{}" } });
      await write(breakGlass, 0);
      await expect(write(breakGlass, 0)).rejects.toMatchObject({ status: 400 });
      await write(restore, 1);
      expect(await breakGlass.read(at)).toMatchObject({ metadata: { version: 2 } });
    });

    it("says how many incidents are open where the exporter may look", async () => {
      const metadata = `${memory.mount}/metadata/${memory.path}`;
      await breakGlass.request("PATCH", metadata, { custom_metadata: { open: "1" } });
      expect(await restore.read(metadata)).toMatchObject({ custom_metadata: { open: "1" } });
      await refused(breakGlass, ["other settings", "PATCH", metadata, { max_versions: 1 }]);
    });

    it("is nobody's else: who puts secrets does not put it, and its versions cannot be destroyed", async () => {
      await refused(secretAdmin, ["to put it", "POST", at, { data: {} }]);
      await refused(secretAdmin, ["to put a part", "PATCH", at, { data: {} }]);
      for (const operator of [breakGlass, restore]) {
        const destroy = `${memory.mount}/destroy/${memory.path}`;
        await refused(operator, ["to destroy it", "POST", destroy, { versions: [1] }]);
      }
    });
  });

  it.each(forNeither.map((request) => ({ what: request[0], request })))(
    "is refused to both operators: $what",
    async ({ request }) => {
      await refused(breakGlass, request);
      await refused(restore, request);
    },
  );

  it.each(forBreakGlass.map((request) => ({ what: request[0], request })))(
    "is refused to the operator who gives back: $what",
    async ({ request }) => refused(restore, request),
  );
});
