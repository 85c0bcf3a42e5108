import { readState } from "../../../sandbox/state.ts";
import { type Commands, commandsIn } from "../canaries/ground.ts";
import { Cluster } from "../main-job/cluster.ts";
import { declarationWith, type Edit, type Ground } from "../main-job/ground.ts";
import { type Account, connects } from "../postgres/client.ts";
import type { Postgres } from "../postgres/server.ts";

export const namespace = "orders";

/** Of every ExternalSecret here: the shortest that may be declared. */
export const refreshSeconds = 10;

/** Vault's own account. The password is what an operator gives, once. */
export const vaultAccount: Account = { username: "vault_orders", password: "canary-first-password-77d1" };

/** What the checks work with: whichever engine, and a database. */
export interface DatabaseGround extends Ground {
  readonly postgres: Postgres;
}

/** Makes the accounts that the declaration names, with passwords that nobody uses. */
export async function makeAccounts({ query }: Postgres): Promise<void> {
  const { username, password } = vaultAccount;
  const accounts = ["orders_app", "orders_web_a", "orders_web_b", "orders_late"];
  const statements = [
    `CREATE ROLE ${username} LOGIN CREATEROLE PASSWORD '${password}'`,
    ...accounts.map((name) => `CREATE ROLE ${name} LOGIN`),
    "CREATE ROLE orders_read NOLOGIN",
    // Needed since PostgreSQL 16.
    `GRANT ${[...accounts, "orders_read"].join(", ")} TO ${username} WITH ADMIN OPTION`,
  ];
  for (const statement of statements) await query(statement);
}

/** Secret -> the role that it reads. */
const secrets = { app: "app", web: "web", batch: "batch" } as const;
export type SecretName = keyof typeof secrets;

export const roles = {
  app: { kind: "static", username: "orders_app", rotationPeriod: "24h" },
  web: {
    kind: "static",
    accounts: "alternating",
    usernames: ["orders_web_a", "orders_web_b"],
    // In the year's second half the account that names would put last is not the one whose turn comes later.
    rotationSchedules: ["0 3 1 7 *", "0 3 1 1 *"],
  },
  batch: {
    kind: "dynamic",
    ttl: `${2 * refreshSeconds + 90}s`,
    create: [
      `CREATE ROLE "{{name}}" LOGIN PASSWORD '{{password}}' VALID UNTIL '{{expiration}}' IN ROLE orders_read`,
    ],
  },
} as const;

/** The dev stack with one service in the place of its own, whose secrets are accounts of a database. */
export function databaseStack(
  { port, caPem }: Postgres,
  {
    host = "localhost",
    reading = Object.keys(secrets) as SecretName[],
    more = {},
  }: { readonly host?: string; readonly reading?: readonly SecretName[]; readonly more?: Edit } = {},
): Edit {
  const read = reading.map((name) => [
    name,
    {
      refreshInterval: `${refreshSeconds}s`,
      database: { connection: "orders", role: secrets[name] },
    },
  ]);
  return {
    databases: {
      orders: {
        ...{ host: `${host}:${port}`, database: "postgres", username: vaultAccount.username, ca: caPem },
        roles: { ...roles, ...more },
      },
    },
    namespaces: {
      llm: undefined,
      user: undefined,
      [namespace]: { services: { shop: { secrets: Object.fromEntries(read) } } },
    },
  };
}

/** The account that a Secret holds; `undefined` before there is one. */
export async function accountIn(cluster: Cluster, secret: SecretName): Promise<Account | undefined> {
  const { username, password } = (await cluster.secret(namespace, secret)) ?? {};
  return username === undefined || password === undefined ? undefined : { username, password };
}

/** Whether the account in a Secret is let in. */
export async function letsIn({ postgres, sandbox }: DatabaseGround, secret: SecretName): Promise<boolean> {
  const account = await accountIn(new Cluster(sandbox), secret);
  return account !== undefined && connects(postgres, account);
}

/** `npm run database`, as a secret-admin in the stack's folder. */
export interface DatabaseCommand {
  readonly printed: Commands["printed"];
  run(words: readonly string[], input?: string): ReturnType<Commands["run"]>;
}

export async function databaseCommand({ sandbox, postgres }: DatabaseGround): Promise<DatabaseCommand> {
  const commands = await commandsIn(sandbox, await declarationWith(sandbox, databaseStack(postgres)), {});
  return {
    printed: commands.printed,
    run: async (words, input) => {
      const token = await readState(sandbox.vault.tokens.secretAdmin);
      return commands.run(["cli/database/main.ts", ...words], token, input);
    },
  };
}
