import { Client, DatabaseError } from "pg";

export interface Account {
  readonly username: string;
  readonly password: string;
}

export type Row = Readonly<Record<string, unknown>>;

/** Where a PostgreSQL on loopback listens, and how to trust it. */
export interface Address {
  readonly port: number;
  readonly caPem: string;
}

export async function query(address: Address, account: Account, sql: string): Promise<readonly Row[]> {
  const client = clientOf(address, account);
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}

/** Whether the account may log in now; `false` also where nothing listens. */
export async function connects(address: Address, account: Account): Promise<boolean> {
  const client = clientOf(address, account);
  try {
    await client.connect();
    await client.end();
    return true;
  } catch (error) {
    if (error instanceof DatabaseError || (error as NodeJS.ErrnoException).code !== undefined) return false;
    throw error;
  }
}

function clientOf({ port, caPem }: Address, { username, password }: Account): Client {
  const client = new Client({
    ...{ host: "localhost", port, database: "postgres", user: username, password },
    ssl: { ca: caPem },
  });
  // A connection that the server ends is told of once more, to nobody.
  client.on("error", () => {});
  return client;
}
