import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { initialise } from "../../cli/database/initialise.ts";
import { readState } from "../../sandbox/state.ts";
import { scanner } from "../canaries/scan.ts";
import { type DatabaseCli, databaseCli, mount, rights } from "./databases/cli.ts";
import { Struck, StruckClient } from "./databases/struck.ts";
import { useSandbox } from "./harness.ts";
import { findPostgres, howToGetPostgres } from "./postgres/programs.ts";

const missing = (await findPostgres()) === undefined;
if (missing) console.warn(howToGetPostgres);

/** Every character that means something in a URL, in SQL, in JSON or in a shell. */
const odd = `canary-9d1f p@ss:w/o?r#d%41&"'\\{{$\`é`;
const canary = (name: string) => `canary-${name}-3b7e`;

describe.skipIf(missing)("npm run database", () => {
  let cli: DatabaseCli;
  beforeAll(async () => {
    cli = await databaseCli();
  });
  afterAll(() => cli?.remove());

  const failing = (code: number, message: RegExp) => ({
    code,
    stdout: "",
    stderr: expect.stringMatching(message),
  });
  const stateOf = async (name: string) => {
    const { code, stdout } = await cli.run(["status", "--json"]);
    const found = JSON.parse(stdout) as {
      name: string;
      state: string;
      words?: string;
      staticRoles: unknown[];
    }[];
    return { code, ...found.find((one) => one.name === name) };
  };

  describe("init", () => {
    it("names the nearest connection where there is none of that name", async () => {
      expect(await cli.run(["init", "order"], odd)).toMatchObject(
        failing(1, /connection: found order, allowed .*orders.*did you mean orders\?/),
      );
    });

    it("says what makes the connection", async () => {
      expect(await cli.run(["init", "never"], odd)).toMatchObject(
        failing(1, /no connection never at database-cli\/config\/never yet: pulumi up makes it/),
      );
    });

    describe("with a connection", () => {
      beforeAll(() => cli.connection("orders", canary("orders")));

      it("takes no password that the database refuses, and changes nothing", async () => {
        expect(await cli.run(["init", "orders"], canary("wrong"))).toMatchObject(
          failing(
            1,
            /database of orders does not let orders in with that password.*SQLSTATE 28P01[\s\S]*Nothing was changed/,
          ),
        );
        expect(await cli.takes({ username: "orders", password: canary("orders") })).toBe(true);
        expect(await stateOf("orders")).toMatchObject({ code: 2, state: "not initialised" });
      });

      it("needs one", async () => {
        expect(await cli.run(["init", "orders"])).toMatchObject(
          failing(1, /password of orders is needed: pipe it in/),
        );
        expect(await cli.run(["init", "orders"], "two\nlines")).toMatchObject(failing(1, /as one line/));
      });

      it("takes none as an argument, and does not repeat it", async () => {
        expect(await cli.run(["init", "orders", canary("orders")])).toMatchObject(
          failing(1, /never an argument/),
        );
        const option = await cli.run(["init", "orders", `--password=${canary("orders")}`]);
        expect(option).toMatchObject(failing(1, /never an argument/));
      });

      it("asks for none while the database is down", async () => {
        await cli.postgres.stop();
        const answer = await cli.run(["init", "orders"]);
        await cli.postgres.start();
        expect(answer).toMatchObject(
          failing(
            1,
            /Vault cannot work with the database of orders, as orders.*refused[\s\S]*No password was asked for/,
          ),
        );
      });

      it.each([
        ["read", `${mount}/config/orders`, `${mount}/config/*`, ["update"]],
        ["update", `${mount}/config/orders`, `${mount}/config/*`, ["read"]],
        ["update", `${mount}/rotate-root/orders`, `${mount}/rotate-root/*`, ["deny"]],
      ])("names the capability %s on %s where the token lacks it", async (capability, path, rule, held) => {
        const token = await cli.tokenWith({ ...rights, [rule]: held });
        expect(await cli.run(["init", "orders"], canary("orders"), { VAULT_TOKEN: token })).toMatchObject(
          failing(1, new RegExp(`needs the capability "${capability}" on "${path}"`)),
        );
      });

      it("ends with a password that Vault alone knows", async () => {
        expect(await cli.run(["init", "orders"], canary("orders"))).toMatchObject({
          code: 0,
          stdout: expect.stringMatching(/orders is initialised.*changed the password of orders/),
        });
        expect(await cli.takes({ username: "orders", password: canary("orders") })).toBe(false);
        expect(await cli.vaultWorks("orders")).toBe(true);
        expect(await stateOf("orders")).toMatchObject({ state: "ready" });
      });

      it("asks for none where Vault can log in already, and changes it once more", async () => {
        const before = await storedPassword("orders");
        expect(await cli.run(["init", "orders"])).toMatchObject({
          code: 0,
          stdout: expect.stringMatching(/no password was asked for/),
        });
        expect((await storedPassword("orders")) === before).toBe(false);
        expect(await cli.vaultWorks("orders")).toBe(true);
      });

      it("takes a new one where the account was given another by hand", async () => {
        await cli.postgres.query(`ALTER ROLE orders PASSWORD '${canary("by hand")}'`);
        expect(await stateOf("orders")).toMatchObject({
          state: "refused",
          words: expect.stringContaining("28P01"),
        });
        expect(await cli.run(["init", "orders"], canary("by hand"))).toMatchObject({ code: 0 });
        expect(await cli.vaultWorks("orders")).toBe(true);
      });
    });

    it("takes a password of any characters", async () => {
      await cli.connection("odd", odd);
      expect(await cli.run(["init", "odd"], `${odd}\n`)).toMatchObject({ code: 0 });
      expect(await cli.takes({ username: "odd", password: odd })).toBe(false);
      expect(await cli.vaultWorks("odd")).toBe(true);
    });

    it("says that the account cannot change its password, and goes on from there without asking", async () => {
      await cli.connection("stuck", canary("stuck"));
      await cli.postgres.query("ALTER ROLE stuck SET default_transaction_read_only = on");
      expect(await cli.run(["init", "stuck"], canary("stuck"))).toMatchObject(
        failing(1, /could not change that account's password.*read-only transaction[\s\S]*run this again/),
      );
      expect(await cli.takes({ username: "stuck", password: canary("stuck") })).toBe(true);
      await cli.postgres.query("ALTER ROLE stuck RESET default_transaction_read_only");
      expect(await cli.run(["init", "stuck"])).toMatchObject({ code: 0 });
      expect(await cli.takes({ username: "stuck", password: canary("stuck") })).toBe(false);
    });

    it.each([
      ...[1, 2, 3, 4].flatMap(
        (at) =>
          [
            [at, "before"],
            [at, "after"],
          ] as const,
      ),
    ])("comes to its end the next time when it was struck at request %i, %s it", async (at, when) => {
      const name = `struck-${at}-${when}`;
      const password = canary(name);
      await cli.connection(name, password);
      const { vault } = await useSandbox();
      const token = await cli.tokenWith(rights);
      const connection = { address: vault.address, caPem: await readState(vault.caFile), token };
      const place = { mount, name };
      const struck = new StruckClient(connection, at, when);
      await expect(initialise(struck, place, async () => password)).rejects.toBeInstanceOf(Struck);
      const whole = new StruckClient(connection, 0, when);
      await initialise(whole, place, async () => password);
      expect(await cli.takes({ username: name, password })).toBe(false);
      expect(await cli.vaultWorks(name)).toBe(true);
      await Promise.all([struck.close(), whole.close()]);
    });
  });

  describe("status and rotate", () => {
    const account = { username: "later_app", password: "" };
    beforeAll(async () => {
      await cli.connection("later", canary("later"));
      await cli.run(["init", "later"], canary("later"));
      await cli.postgres.query(`CREATE ROLE later_app LOGIN; GRANT later_app TO later WITH ADMIN OPTION`);
      const role = { db_name: "later", username: "later_app", rotation_period: "24h" };
      await cli.root.write(`${mount}/static-roles/later-app`, role);
    });

    const current = async () => String((await cli.root.read(`${mount}/static-creds/later-app`))?.password);

    it("says when a static role was changed and will be, and no password", async () => {
      const { staticRoles } = await stateOf("later");
      const role = { name: "later-app", username: "later_app" };
      expect(staticRoles).toMatchObject([role]);
      const [{ lastRotation, nextRotation }] = staticRoles as [Readonly<Record<string, string>>];
      expect(Date.parse(nextRotation ?? "") - Date.parse(lastRotation ?? "")).toBe(24 * 3_600_000);
      expect((await stateOf("never")).staticRoles).toEqual([{ name: "never-app" }]);
      const { stdout } = await cli.run(["status"]);
      expect(stdout).toMatch(/later\/later-app.*later_app.*20\d\d-/);
      expect(stdout).toMatch(/never .*not deployed/);
      account.password = await current();
      expect(scanner({ password: account.password })(cli.printed())).toEqual([]);
    });

    it("changes a static role's password at once", async () => {
      expect(await cli.takes(account)).toBe(true);
      expect(await cli.run(["rotate", "later/later-app"])).toMatchObject({ code: 0 });
      expect(await cli.takes(account)).toBe(false);
      expect(await cli.takes({ ...account, password: await current() })).toBe(true);
    });

    it("names the nearest static role", async () => {
      expect(await cli.run(["rotate", "later/later-ap"])).toMatchObject(
        failing(1, /did you mean later-app\?/),
      );
      expect(await cli.run(["rotate", "later"])).toMatchObject(failing(1, /<connection>\/<role>/));
    });

    it("says that a database is down, and that it is up again", async () => {
      await cli.postgres.stop();
      const down = await stateOf("later");
      await cli.postgres.start();
      expect(down).toMatchObject({ code: 2, state: "unreachable", words: expect.stringMatching(/refused/) });
      expect(await stateOf("later")).toMatchObject({ state: "ready" });
    });
  });

  it("no password was printed, nor stands in the database's own log", async () => {
    const given = ["orders", "wrong", "stuck", "by hand", "later"].map((name) => [name, canary(name)]);
    const scan = scanner({ ...Object.fromEntries(given), odd });
    expect(scan(cli.printed())).toEqual([]);
    // What the test itself has said in SQL is logged by no setting of its server.
    expect(scan(await cli.postgres.log())).toEqual([]);
  });

  /** A fingerprint of what Vault keeps, by what the database keeps of it. */
  async function storedPassword(name: string): Promise<unknown> {
    const [row] = await cli.postgres.query(`SELECT rolpassword FROM pg_authid WHERE rolname = '${name}'`);
    return row?.rolpassword;
  }
});
