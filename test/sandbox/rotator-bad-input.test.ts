import { describe, expect, test } from "vitest";
import type { RotationCase } from "./rotation/case.ts";
import { AUTH_MOUNT, MOUNT } from "./rotation/ground.ts";
import { leaks, named, type Trouble, troubles } from "./rotation/trouble.ts";

/** What a rotation is given that is not good enough: the run says so, and current stays. */

const trouble = troubles("input");

type Data = Readonly<Record<string, unknown>>;

/** The admin credential at a path of its own, as `put` leaves it; mended by putting one that is good. */
function adminAt(path: string, put: (rotation: RotationCase) => Promise<unknown>) {
  const write = (rotation: RotationCase, data: Data) =>
    rotation.ground.vault.write(`${MOUNT}/data/${path}`, { data });
  return {
    options: { admin: path },
    begin: async (rotation: RotationCase) => {
      await put(rotation);
      return () => write(rotation, { api_key: rotation.ground.adminKey });
    },
  };
}

/** What the provider thinks of the admin credential meanwhile. */
function adminIs(rights: { readonly valid: boolean; readonly mayManage: boolean }) {
  return {
    begin: async ({ ground: { provider, adminKey } }: RotationCase) => {
      provider.state.keys.putAdmin(adminKey, rights);
      return async () => provider.state.keys.putAdmin(adminKey, { valid: true, mayManage: true });
    },
  };
}

const forbidden = (method: string) =>
  ({ kind: "status", status: 403, method, path: "/v1/organization/projects" }) as const;

interface Refused extends Trouble {
  readonly name: string;
  readonly code: number;
  readonly says: RegExp;
}

const refused: readonly Refused[] = [
  {
    name: "the admin credential is not there",
    ...adminAt("admin-absent", async () => {}),
    code: 4,
    says: /admin credential rotation-test\/admin-absent#api_key: found nothing \(absent\); allowed: a credential that may create, list and revoke keys; fix: make one at the provider and put it there/,
  },
  {
    name: "the admin credential was deleted",
    ...adminAt("admin-deleted", async ({ ground: { vault } }) => {
      await vault.write(`${MOUNT}/data/admin-deleted`, { data: { api_key: "sk-admin-that-was" } });
      await vault.delete(`${MOUNT}/data/admin-deleted`);
    }),
    code: 4,
    says: /admin credential .*: found nothing \(deleted\)/,
  },
  {
    name: "the admin credential has another property",
    ...adminAt("admin-named", ({ ground: { vault } }) =>
      vault.write(`${MOUNT}/data/admin-named`, { data: { token: "sk-admin-elsewhere" } }),
    ),
    code: 4,
    says: /admin credential .*: found no such property/,
  },
  {
    name: "the admin credential has expired",
    ...adminIs({ valid: false, mayManage: true }),
    code: 4,
    says: /admin credential rotation-test\/admin#api_key: found status 401 from the provider to list service accounts; allowed: a credential that is valid; fix: make a new admin credential at the provider and put it there/,
  },
  {
    name: "the admin credential may not manage keys",
    ...adminIs({ valid: true, mayManage: false }),
    code: 4,
    says: /admin credential .*: found status 403 .*; allowed: a credential that may create, list and revoke keys; fix: give the admin credential those rights at the provider, or put one that has them/,
  },
  {
    name: "the admin credential may list keys, and not create them",
    faults: [forbidden("POST")],
    code: 4,
    says: /admin credential .*: found status 403 from the provider to create a service account/,
  },
  {
    name: "Vault's role does not know the rotation's service account",
    begin: async ({ ground: { vault }, spec }) => {
      const path = `auth/${AUTH_MOUNT}/role/${spec.vault.role}`;
      const before = await vault.read(path);
      await vault.write(path, { ...before, bound_subject: "system:serviceaccount:elsewhere:another" });
      return () => vault.write(path, { ...before });
    },
    code: 3,
    says: /Vault POST auth\/rotation-test\/login: found status 40[03] .*; fix: deploy the stack/,
  },
  {
    name: "Vault's policy does not let it write the live slot",
    begin: async ({ ground: { vault }, spec }) => {
      const path = `sys/policies/acl/rotation-test-${spec.key}`;
      const before = String((await vault.read(path))?.policy);
      const denied = `path "${spec.live.mount}/data/${spec.live.path}" { capabilities = ["deny"] }`;
      await vault.write(path, { policy: `${before}\n${denied}` });
      return () => vault.write(path, { policy: before });
    },
    code: 3,
    says: /Vault GET rotation-test\/data\/live\/.*: found status 403 .*; fix: deploy the stack, which writes this rotation's policy/,
  },
];

describe.concurrent("bad input", () => {
  test.each(named(refused))(
    "%s: it says so and changes nothing, and the next run rotates",
    async (_, one) => {
      const outcome = await trouble(one);
      const { ended, before, after, keysLeft, events, orphansLeft, failures, next, wrong } = outcome;
      expect([ended.code, ended.output]).toEqual([one.code, expect.stringMatching(one.says)]);
      expect(ended.steps.at(-2)).toMatchObject({
        ...{ step: "failed", field: expect.any(String), found: expect.any(String) },
        ...{ allowed: expect.any(String), fix: expect.any(String) },
      });
      expect(after).toEqual(before);
      expect({ keys: keysLeft.length, orphansLeft }).toEqual({ keys: 1, orphansLeft: [] });
      expect(events).toContainEqual({
        ...{ reason: "RotationFailed", type: "Warning" },
        note: expect.stringMatching(one.says),
      });
      expect([next.code, next.output]).toEqual([0, expect.stringContaining('"step":"RotationPromoted"')]);
      expect({ failures, wrong }).toEqual({ failures: [], wrong: [] });
      expect(leaks(outcome)).toEqual([]);
    },
  );

  test("the admin credential may not delete keys: previous lives on until one may", async () => {
    const one = { command: "finish", faults: [forbidden("DELETE")] } as const;
    const { ended, keysLeft, before, after, failures, wrong } = await trouble(one);
    expect([ended.code, ended.output]).toEqual([
      4,
      expect.stringMatching(/found status 403 from the provider to delete a service account/),
    ]);
    expect(after).toEqual(before);
    expect(keysLeft).toHaveLength(2);
    expect({ failures, wrong }).toEqual({ failures: [], wrong: [] });
  });
});
