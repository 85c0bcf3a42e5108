import { beforeAll, describe, expect, it, vi } from "vitest";
import { withVault } from "../../../clients/vault.ts";
import { readState } from "../../../sandbox/state.ts";
import { commandsIn } from "../canaries/ground.ts";
import { Cluster } from "../main-job/cluster.ts";
import {
  declarationWith,
  deploy,
  type Edit,
  type Fields,
  type Ground,
  valueInVault,
} from "../main-job/ground.ts";

/** Where the values stand in Vault, below the mount. */
export const generatedPath = "generated/db";
const path = generatedPath;
const [namespace, secret] = ["generated", "db"];
const soon = { timeout: 30_000, interval: 250 };

/** The dev stack with one service in the place of its own, whose password is generated. */
export function generatedStack(values: Readonly<Record<string, Fields>>): Edit {
  const data = Object.fromEntries(
    Object.entries(values).map(([property, fields]) => [
      property,
      { source: "generated", remoteRef: { key: path, property }, ...fields },
    ]),
  );
  const services = { app: { secrets: { [secret]: { data } } } };
  return { namespaces: { llm: undefined, user: undefined, [namespace]: { services } } };
}

/** The promise of generated values, on real servers, with whichever engine: the checks build on one another, in this order. */
export function generatedChecks(prepare: () => Promise<Ground>): void {
  let ground: Ground;
  let cluster: Cluster;

  beforeAll(async () => {
    ground = await prepare();
    cluster = new Cluster(ground.sandbox);
  });

  const up = (values: Readonly<Record<string, Fields>>) => deploy(ground, generatedStack(values));
  const version = async () => Number((await ground.vault.read(`kv/metadata/${path}`))?.current_version ?? 0);
  const synced = async (property: string) => (await cluster.secret(namespace, secret))?.[property];

  async function expectSynced(property: string): Promise<void> {
    const value = await valueInVault(ground, path, property);
    await vi.waitFor(async () => expect((await synced(property)) === value).toBe(true), soon);
  }

  describe("a generated value", () => {
    const password = { length: 40, classes: ["lower", "numeric", "special"] };

    it("is there after the first `up`, as declared, and ESO has synced it", async () => {
      await up({ password });
      expect(await version()).toBe(1);
      const value = String(await synced("password"));
      expect(value.length).toBe(40);
      for (const characters of [/[a-z]/, /[0-9]/, /[._]/, /^[a-z0-9._]+$/]) {
        expect(characters.test(value)).toBe(true);
      }
      await expectSynced("password");
    });

    it("is nothing that a person puts, nor can", async () => {
      const declaration = await declarationWith(ground.sandbox, generatedStack({ password, other: {} }));
      const commands = await commandsIn(ground.sandbox, declaration, {});
      const token = await readState(ground.sandbox.vault.tokens.secretAdmin);
      const missing = await commands.run(["cli/secrets/main.ts", "missing"], token);
      expect(missing).toMatchObject({
        code: 0,
        output: expect.stringContaining("No declared value is missing"),
      });
      const put = await commands.run(
        ["cli/secrets/main.ts", "put", path, "-p", "password"],
        token,
        "by hand",
      );
      expect(put).toMatchObject({ code: 1, output: expect.stringMatching(/is generated.*raise the epoch/s) });
      expect(await version()).toBe(1);
    });

    it("stays as it is with the next `up`", async () => {
      const before = await valueInVault(ground, path, "password");
      const { changes } = await up({ password });
      expect(changes).toMatchObject({ created: 0, updated: 0, deleted: 0 });
      expect(await version()).toBe(1);
      expect((await valueInVault(ground, path, "password")) === before).toBe(true);
    });

    it("is another one with the next epoch, written once, and consumers have it without waiting for a refresh", async () => {
      const before = await synced("password");
      await up({ password: { ...password, epoch: 2 } });
      expect(await version()).toBe(2);
      await expectSynced("password");
      expect((await synced("password")) === before).toBe(false);
      await up({ password: { ...password, epoch: 2 } });
      expect(await version()).toBe(2);
    });

    it("cannot be read by the deployer, who writes it", async () => {
      const { address, caPem, tokens } = ground.sandbox.vault;
      await withVault({ address, caPem, token: await readState(tokens.deployer) }, async (deployer) => {
        await expect(deployer.read(`kv/data/${path}`)).rejects.toThrow(/403/);
        await expect(deployer.delete(`kv/data/${path}`)).rejects.toThrow(/403/);
        expect(await deployer.read(`kv/metadata/${path}`)).toMatchObject({ current_version: 2 });
      });
    });

    it("is never written over what somebody else wrote, whatever the epoch", async () => {
      await ground.vault.write(`kv/data/${path}`, { options: { cas: 2 }, data: { password: "by hand" } });
      for (const epoch of [1, 2, 5]) {
        await expect(up({ password: { ...password, epoch } })).rejects.toThrow(
          /version 3 at kv\/generated\/db.*somebody else wrote it[\s\S]*epoch: 4/,
        );
      }
      expect(await valueInVault(ground, path, "password")).toBe("by hand");
      expect(await version()).toBe(3);
    });

    it("unless the declaration names the very version that it replaces", async () => {
      await up({ password: { ...password, epoch: 4 } });
      expect(await version()).toBe(4);
      expect(await valueInVault(ground, path, "password")).not.toBe("by hand");
      await expectSynced("password");
    });

    it("gets a second beside it in one write, by an epoch of its own", async () => {
      await expect(up({ password: { ...password, epoch: 4 }, token: {} })).rejects.toThrow(
        /with password, and here password, token[\s\S]*epoch: 5/,
      );
      await up({ password: { ...password, epoch: 4 }, token: { epoch: 5 } });
      expect(await version()).toBe(5);
      await expectSynced("password");
      await expectSynced("token");
    });

    it("stays in Vault when its declaration goes", async () => {
      const services = { app: { secrets: { other: { data: { token: `${path}#token` } } } } };
      const before = await valueInVault(ground, path, "token");
      await deploy(ground, { namespaces: { llm: undefined, user: undefined, [namespace]: { services } } });
      expect(await version()).toBe(5);
      expect((await valueInVault(ground, path, "token")) === before).toBe(true);
    });
  });
}
