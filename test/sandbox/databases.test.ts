import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { nextRun } from "../../config/cron.ts";
import { directEngine } from "../../sandbox/engine/direct/engine.ts";
import { scanner } from "../canaries/scan.ts";
import { scanFolder } from "./canaries/files.ts";
import { isProgram } from "./canaries/places.ts";
import {
  type DatabaseCommand,
  type DatabaseGround,
  databaseCommand,
  makeAccounts,
  refreshSeconds,
  roles,
  vaultAccount,
} from "./databases/ground.ts";
import { boundMs, DatabaseStage, soon } from "./databases/stage.ts";
import { useSandbox } from "./harness.ts";
import { projectFolder, rootVault } from "./main-job/ground.ts";
import { findPostgres, howToGetPostgres } from "./postgres/programs.ts";
import { postgresPort, startPostgres } from "./postgres/server.ts";

const missing = (await findPostgres()) === undefined;
const title = missing ? `databases (skipped: ${howToGetPostgres})` : "databases";
const minutes = 60_000;

/** Without the accounts that Vault makes for each refresh, which are not to be had while the database is down. */
const kept = { reading: ["app", "web"] } as const;

/** The checks build on one another, in this order. */
describe.skipIf(missing)(title, () => {
  let ground: DatabaseGround;
  let stage: DatabaseStage;
  let command: DatabaseCommand;

  beforeAll(async () => {
    const sandbox = await useSandbox();
    const postgres = await startPostgres(sandbox.paths, postgresPort);
    const engine = directEngine("the tests' own", projectFolder);
    ground = { engine, sandbox, postgres, vault: await rootVault(sandbox) };
    await makeAccounts(postgres);
    stage = new DatabaseStage(ground);
  });

  afterAll(async () => {
    await ground?.vault.close();
    await ground?.postgres.close();
  });

  describe("before the connection is initialised", () => {
    it("`up` makes it, and says what to do; what would need it waits", async () => {
      const { warnings } = await stage.up();
      expect(warnings.join("\n")).toMatch(/npm run database -- init orders --stack dev/);
      expect(await ground.vault.read("database/config/orders")).toMatchObject({ verify_connection: false });
      expect(await ground.vault.list("database/static-roles")).toBeUndefined();
      expect(await stage.hasExternalSecret("app")).toBe(false);
      command = await databaseCommand(ground);
      expect(await command.run(["status"])).toMatchObject({
        code: 2,
        output: expect.stringMatching(/orders .*not initialised/),
      });
    });

    it("a secret-admin gives Vault its password, once", async () => {
      expect(await command.run(["init", "orders"], vaultAccount.password)).toMatchObject({ code: 0 });
      expect(await stage.connects(vaultAccount)).toBe(false);
    });
  });

  describe("once it is", () => {
    it("`up` brings user names and passwords that match", async () => {
      await stage.up();
      expect(await stage.account("app")).toMatchObject({ username: "orders_app" });
      for (const secret of ["app", "web", "batch"] as const) await stage.untilLetIn(secret);
      expect(await command.run(["status"])).toMatchObject({ code: 0 });
    });

    it("of alternating accounts the one is in use whose turn comes later", async () => {
      const [a, b] = roles.web.rotationSchedules.map((schedule) => nextRun(schedule, "Etc/UTC", new Date()));
      const later = (a ?? 0) > (b ?? 0) ? "orders_web_a" : "orders_web_b";
      expect(await stage.account("web")).toMatchObject({ username: later });
    });

    it("the next `up` changes nothing", async () => {
      const { done } = await stage.up();
      expect(done).toEqual([]);
    });
  });

  describe("a changed password", () => {
    it("of a single account fails consumers until the next refresh has come through, and no longer", async () => {
      const gone = await stage.account("app");
      const { failures, last } = await stage.consuming("app", async (consumer) => {
        await stage.refreshed("app");
        await stage.rotate("app");
        expect(await stage.connects(gone)).toBe(false);
        await vi.waitFor(() => {
          expect(consumer.failures.length).toBeGreaterThan(0);
          expect(consumer.last?.at).toBeGreaterThan(consumer.failures.at(-1) ?? 0);
        }, soon);
      });
      const gapMs = (last?.at ?? 0) - (failures[0] ?? 0);
      console.log(
        `single account: ${failures.length} failed connections in ${(gapMs / 1_000).toFixed(1)} s, with refreshInterval: ` +
          `${refreshSeconds}s (bound: ${boundMs / 1_000} s)`,
      );
      expect(gapMs).toBeLessThan(boundMs);
    });

    it("of alternating accounts fails none, over a turn of each", async () => {
      const names = new Set<string>();
      const consumer = await stage.consuming("web", async () => {
        for (let turn = 0; turn < 2; turn++) {
          const { username } = await stage.account("web");
          names.add(username);
          const other = username.endsWith("_a") ? "web-b" : "web-a";
          await stage.refreshed("web");
          await stage.rotate(other);
          await vi.waitFor(
            async () => expect((await stage.account("web")).username).not.toBe(username),
            soon,
          );
        }
      });
      console.log(
        `alternating accounts: ${consumer.failures.length} of ${consumer.attempts} connections failed, over two turns`,
      );
      expect(names).toEqual(new Set(roles.web.usernames));
      expect(consumer.failures).toEqual([]);
    });
  });

  describe("an account for each refresh", () => {
    it("fails no consumer while one follows another", async () => {
      const names = new Set<string>();
      const { failures } = await stage.consuming("batch", async () => {
        await vi.waitFor(async () => {
          names.add((await stage.account("batch")).username);
          expect(names.size).toBe(3);
        }, soon);
      });
      expect(failures).toEqual([]);
    });

    it("ends at once where its lease is revoked, and the next refresh brings another", async () => {
      const revoked = await stage.account("batch");
      await ground.vault.write("sys/leases/revoke-prefix/database/creds/batch", { sync: true });
      expect(await stage.connects(revoked)).toBe(false);
      await stage.untilLetIn("batch");
    });

    it(
      "leaves no user behind once its lease has ended",
      async () => {
        expect(await stage.leased()).toBeGreaterThan(0);
        await stage.up(kept);
        await vi.waitFor(async () => expect(await stage.leased()).toBe(0), {
          timeout: 4 * minutes,
          interval: 1_000,
        });
      },
      5 * minutes,
    );
  });

  describe("an edit of the connection", () => {
    it("keeps the password that Vault has", async () => {
      await stage.up({ host: "127.0.0.1", ...kept });
      expect((await ground.vault.read("database/config/orders"))?.connection_details).toMatchObject({
        connection_url: expect.stringContaining("@127.0.0.1:"),
      });
      await stage.rotate("app");
      expect(await command.run(["status"])).toMatchObject({ code: 0 });
      await stage.up(kept);
      await stage.rotate("app");
      await stage.untilLetIn("app");
    });

    it("that leads to no database is refused by Vault, which keeps the one it has", async () => {
      await expect(stage.up({ host: "127.0.0.2", ...kept })).rejects.toThrow(
        /database\/orders[\s\S]*connect/,
      );
      await stage.rotate("app");
      expect(await command.run(["status"])).toMatchObject({ code: 0 });
    });
  });

  describe("a database that is down", () => {
    const late = { late: { kind: "static", username: "orders_late", rotationPeriod: "24h" } };

    it("is named before anything is changed, and what was given out stays", async () => {
      await stage.untilLetIn("app");
      const before = await stage.account("app");
      await ground.postgres.stop();
      const refused = await stage.up({ more: late, ...kept }).catch((error: Error) => error.message);
      const again = await stage.up(kept).catch((error: Error) => error.message);
      await ground.postgres.start();
      expect(refused).toMatch(/databases\.orders\.host[\s\S]*where Vault cannot work as vault_orders/);
      expect(again).toMatchObject({ done: [] });
      expect(await stage.account("app")).toEqual(before);
      expect(await stage.connects(before)).toBe(true);
    });

    it("is deployed to once it is there again", async () => {
      await stage.up({ more: late, ...kept });
      expect(await ground.vault.read("database/static-creds/late")).toMatchObject({
        username: "orders_late",
      });
    });
  });

  describe("no password", () => {
    const scan = (text: string | Uint8Array) => scanner(stage.passwords())(text);

    it("is in what Vault answers of a connection or a role", async () => {
      const paths = ["config/orders", "static-roles/app", "static-roles/web-a", "roles/batch"];
      const answers = await Promise.all(paths.map((path) => ground.vault.read(`database/${path}`)));
      expect(JSON.stringify(answers)).toContain("vault_orders");
      expect(scan(JSON.stringify(answers))).toEqual([]);
    });

    it("is in what was printed, or logged by the database", async () => {
      expect(command.printed()).toContain("orders");
      expect(scan(command.printed())).toEqual([]);
      expect(scan(await ground.postgres.log())).toEqual([]);
    });

    it("is in any file of the sandbox", async () => {
      const passwords = stage.passwords();
      expect(Object.keys(passwords).length).toBeGreaterThan(5);
      const found = await scanFolder(ground.sandbox.paths.root, scanner(passwords), isProgram);
      const holding = Object.entries(found).filter(([, names]) => names.some((name) => name in passwords));
      expect(holding).toEqual([]);
    });
  });
});
