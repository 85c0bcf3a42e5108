import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { VaultClient } from "../../../clients/vault.ts";
import { openRoot } from "../../../sandbox/vault/root.ts";
import { type Answer, runCommand, writeDevStack } from "../command.ts";
import { useSandbox } from "../harness.ts";
import { type Account, connects } from "../postgres/client.ts";
import { type Postgres, postgresPort, startPostgres } from "../postgres/server.ts";
import { type Rules, tokenWith } from "../token-with.ts";

/** A mount of these tests' own; the deployed stack's is left alone. */
export const mount = "database-cli";

/** Connections that the project folder's stack declares. */
const declared = ["orders", "odd", "stuck", "later", "never"] as const;

/** What a person needs for all three commands. */
export const rights: Rules = {
  [`${mount}/config/*`]: ["read", "update"],
  [`${mount}/rotate-root/*`]: ["update"],
  [`${mount}/reset/*`]: ["update"],
  [`${mount}/static-roles/*`]: ["read"],
  [`${mount}/rotate-role/*`]: ["update"],
};

/** The command as an operator runs it, in a project folder and a home of its own. */
export interface DatabaseCli {
  readonly root: VaultClient;
  readonly postgres: Postgres;
  /** Everything that any run has printed. */
  readonly printed: () => string;
  run(
    args: readonly string[],
    input?: string,
    environment?: Readonly<Record<string, string>>,
  ): Promise<Answer>;
  tokenWith(rules: Rules): Promise<string>;
  /** An account of that name, and its connection in Vault as the first `up` leaves it. */
  connection(name: string, password: string): Promise<void>;
  /** Whether the account may log in with that. */
  takes(account: Account): Promise<boolean>;
  /** Whether Vault may: it makes an account and takes it away again. */
  vaultWorks(name: string): Promise<boolean>;
  remove(): Promise<void>;
}

export async function databaseCli(): Promise<DatabaseCli> {
  const sandbox = await useSandbox();
  const root = await openRoot(sandbox);
  const postgres = await startPostgres(sandbox.paths, postgresPort);
  const folder = await mkdtemp(join(tmpdir(), "database-cli-"));
  await writeDevStack(folder, declaration(postgres));
  await root.write(`sys/mounts/${mount}`, { type: "database" });
  const policies: string[] = [];
  const madeWith: DatabaseCli["tokenWith"] = (rules) => {
    const policy = `database-cli-${policies.length}`;
    policies.push(policy);
    return tokenWith(root, policy, rules);
  };
  const defaults = {
    PATH: process.env.PATH ?? "",
    HOME: folder,
    VAULT_ADDR: sandbox.vault.address,
    VAULT_CACERT: sandbox.vault.caFile,
    VAULT_TOKEN: await madeWith(rights),
  };
  let printed = "";
  return {
    root,
    postgres,
    printed: () => printed,
    run: async (args, input = "", environment = {}) => {
      const env = { ...defaults, ...environment };
      const answer = await runCommand("cli/database/main.ts", args, { cwd: folder, env, input });
      printed += answer.stdout + answer.stderr;
      return answer;
    },
    tokenWith: madeWith,
    connection: async (name, password) => {
      await postgres.query(
        `CREATE ROLE "${name}" LOGIN CREATEROLE PASSWORD '${password.replaceAll("'", "''")}'`,
      );
      await root.write(`${mount}/config/${name}`, connectionFields(name, postgres));
    },
    takes: (account) => connects(postgres, account),
    vaultWorks: async (name) => {
      await root.write(`${mount}/roles/${name}`, {
        db_name: name,
        creation_statements: [`CREATE ROLE "{{name}}" LOGIN PASSWORD '{{password}}'`],
      });
      const lease = await root.request("GET", `${mount}/creds/${name}`).catch(() => undefined);
      if (lease !== undefined)
        await root.write("sys/leases/revoke", { lease_id: lease.body.lease_id, sync: true });
      return lease !== undefined;
    },
    remove: async () => {
      await root.write(`sys/leases/revoke-force/${mount}`, {});
      await root.delete(`sys/mounts/${mount}`);
      for (const policy of policies) await root.delete(`sys/policies/acl/${policy}`);
      await root.close();
      await postgres.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** As `pulumi up` writes it, without a password. */
function connectionFields(username: string, { port, caPem }: Postgres) {
  return {
    plugin_name: "postgresql-database-plugin",
    connection_url: `postgresql://{{username}}:{{password}}@localhost:${port}/postgres?sslmode=verify-full`,
    username,
    tls_ca: caPem,
    password_authentication: "scram-sha-256",
    allowed_roles: ["*"],
    verify_connection: false,
  };
}

function declaration({ port, caPem }: Postgres) {
  const connection = (name: string) => ({
    mount,
    host: `localhost:${port}`,
    database: "postgres",
    username: name,
    ca: caPem,
    roles: { [`${name}-app`]: { kind: "static", username: `${name}_app`, rotationPeriod: "24h" } },
  });
  return {
    environment: "test",
    tier: "development",
    vault: {
      address: "https://127.0.0.1:1",
      cluster: "shared",
      mounts: { kv: {} },
      auth: { rolePrefix: "database-cli" },
    },
    kubernetes: { context: "none", apiAddress: "https://127.0.0.1:1" },
    externalSecrets: { chart: { version: "0.20.4" }, crds: { sha256: "0".repeat(64) } },
    databases: Object.fromEntries(declared.map((name) => [name, connection(name)])),
    namespaces: { app: { store: {} } },
  };
}
