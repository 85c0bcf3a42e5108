import { randomBytes } from "node:crypto";

export interface ServiceAccount {
  readonly id: string;
  readonly project: string;
  readonly name: string;
  /** Unix seconds. */
  readonly createdAt: number;
}

export type KeyStatus = "valid" | "revoked" | "expired";

export interface Key {
  readonly id: string;
  readonly value: string;
  readonly createdAt: number;
  /** The account that it ends with; a person's key has none. */
  readonly account?: string;
  readonly status: KeyStatus;
  /** From when on it is accepted, in milliseconds of this process. */
  readonly knownFrom: number;
  /** When it was revoked. */
  readonly revokedAt?: Date;
}

/** An administrator's credential: whether it is still valid, and whether it may manage keys. */
export interface AdminKey {
  readonly valid: boolean;
  readonly mayManage: boolean;
}

/** What a provider of keys keeps: accounts and their keys, by project. Nothing is forgotten when it is deleted. */
export class KeyStore {
  readonly #accounts: ServiceAccount[] = [];
  readonly #keys: Key[] = [];
  readonly #admins = new Map<string, AdminKey>();

  putAdmin(value: string, admin: AdminKey): void {
    this.#admins.set(value, admin);
  }

  admin(value: string): AdminKey | undefined {
    return this.#admins.get(value);
  }

  /** @param delayMs how long it takes until the key is known everywhere */
  createAccount(project: string, name: string, delayMs: number): { account: ServiceAccount; key: Key } {
    const createdAt = Math.floor(Date.now() / 1_000);
    const account = { id: `user-${randomBytes(12).toString("hex")}`, project, name, createdAt };
    this.#accounts.push(account);
    return { account, key: this.#addKey(secretValue(), delayMs, account.id) };
  }

  /** A key that a person made. */
  putKey(value: string): Key {
    return this.#addKey(value, 0);
  }

  /** Living accounts of a project, oldest first. */
  accounts(project: string): readonly ServiceAccount[] {
    return this.#accounts.filter((one) => one.project === project && !this.#isDeleted(one.id));
  }

  account(project: string, id: string): ServiceAccount | undefined {
    return this.accounts(project).find((one) => one.id === id);
  }

  /** Ends an account and its keys. `false` where there is none. */
  deleteAccount(project: string, id: string): boolean {
    if (this.account(project, id) === undefined) return false;
    for (const key of this.#keys.filter(({ account }) => account === id)) this.#mark(key, "revoked");
    return true;
  }

  mark(value: string, status: KeyStatus): void {
    const key = this.#keys.find((one) => one.value === value);
    if (key === undefined) throw new Error("no such key");
    this.#mark(key, status);
  }

  keyWithValue(value: string): Key | undefined {
    return this.#keys.find((one) => one.value === value);
  }

  key(id: string): Key | undefined {
    return this.#keys.find((one) => one.id === id);
  }

  accepts(value: string): boolean {
    const key = this.#keys.find((one) => one.value === value);
    return key?.status === "valid" && performance.now() >= key.knownFrom;
  }

  #addKey(value: string, delayMs: number, account?: string): Key {
    const key: Key = {
      ...{ id: `key_${randomBytes(8).toString("hex")}`, value, status: "valid" },
      createdAt: Math.floor(Date.now() / 1_000),
      knownFrom: performance.now() + delayMs,
      ...(account === undefined ? {} : { account }),
    };
    this.#keys.push(key);
    return key;
  }

  #isDeleted(account: string): boolean {
    const keys = this.#keys.filter((one) => one.account === account);
    return keys.every(({ status }) => status === "revoked");
  }

  #mark(key: Key, status: KeyStatus): void {
    const revokedAt = status === "revoked" ? { revokedAt: new Date() } : {};
    this.#keys[this.#keys.indexOf(key)] = { ...key, status, ...revokedAt };
  }
}

function secretValue(): string {
  return `sk-svcacct-${randomBytes(24).toString("base64url")}`;
}
