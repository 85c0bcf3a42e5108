import { expect, vi } from "vitest";
import { Cluster } from "../main-job/cluster.ts";
import { deploy } from "../main-job/ground.ts";
import { type Account, connects } from "../postgres/client.ts";
import { type ConnectingConsumer, startConsumer } from "./consumer.ts";
import {
  accountIn,
  type DatabaseGround,
  databaseStack,
  namespace,
  refreshSeconds,
  type SecretName,
  vaultAccount,
} from "./ground.ts";

/** What the declaration promises of a changed password: the next refresh, and 90 s for it to come through. */
export const boundMs = (refreshSeconds + 90) * 1_000;
export const soon = { timeout: boundMs, interval: 250 };

/** A deployed stack with its database, and what is done to it. */
export class DatabaseStage {
  readonly ground: DatabaseGround;
  readonly #cluster: Cluster;
  /** Password -> whose it was. */
  readonly #seen = new Map([[vaultAccount.password, "the first password"]]);

  constructor(ground: DatabaseGround) {
    this.ground = ground;
    this.#cluster = new Cluster(ground.sandbox);
  }

  up(options?: Parameters<typeof databaseStack>[1]): ReturnType<typeof deploy> {
    return deploy(this.ground, databaseStack(this.ground.postgres, options));
  }

  async rotate(role: string): Promise<void> {
    await this.ground.vault.write(`database/rotate-role/${role}`, {});
  }

  /** Accounts that Vault has made for dynamic roles. */
  async leased(): Promise<number> {
    const { query } = this.ground.postgres;
    return (await query("SELECT rolname FROM pg_roles WHERE rolname LIKE 'v-%'")).length;
  }

  async account(secret: SecretName): Promise<Account> {
    const found = await accountIn(this.#cluster, secret);
    if (found === undefined) throw new Error(`there is no Secret ${namespace}/${secret}`);
    if (!this.#seen.has(found.password)) {
      this.#seen.set(found.password, `${found.username} (${this.#seen.size})`);
    }
    return found;
  }

  connects(account: Account): Promise<boolean> {
    return connects(this.ground.postgres, account);
  }

  /** Waits until the database lets in what a Secret holds. */
  async untilLetIn(secret: SecretName): Promise<void> {
    await vi.waitFor(async () => expect(await this.connects(await this.account(secret))).toBe(true), soon);
  }

  hasExternalSecret(name: SecretName): Promise<boolean> {
    return this.#cluster.hasExternalSecret(namespace, name);
  }

  /** Waits for a refresh, so that what follows has the longest time until the next. */
  async refreshed(secret: SecretName): Promise<void> {
    const time = () => this.#cluster.refreshTime(namespace, secret);
    const before = await time();
    await vi.waitFor(async () => expect(await time()).not.toBe(before), soon);
  }

  /** Runs a program that connects with a Secret all the time, while something is done to its account. */
  async consuming(
    secret: SecretName,
    work: (consumer: ConnectingConsumer) => Promise<void>,
  ): Promise<ConnectingConsumer> {
    const consumer = startConsumer(
      () => this.account(secret),
      (account) => this.connects(account),
    );
    try {
      await vi.waitFor(() => expect(consumer.attempts).toBeGreaterThan(5), soon);
      await work(consumer);
    } finally {
      await consumer.stop();
    }
    return consumer;
  }

  /** Every password that was in a Secret, by whose it was. */
  passwords(): Readonly<Record<string, string>> {
    return Object.fromEntries([...this.#seen].map(([password, whose]) => [whose, password]));
  }
}
