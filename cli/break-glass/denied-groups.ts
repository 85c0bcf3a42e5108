import { deniedGroups } from "../../access/operators/denial.ts";
import type { VaultClient } from "../../clients/vault.ts";
import { npmRun } from "../command-line.ts";
import type { Group } from "./groups.ts";

/** Reads and writes the groups that deny. */
export class DeniedGroups {
  readonly #client: VaultClient;
  readonly #paths: readonly string[];
  readonly #stack: string;

  constructor(client: VaultClient, environment: string, stack: string) {
    this.#client = client;
    this.#stack = stack;
    this.#paths = deniedGroups(environment).map(({ path }) => path);
  }

  /** @throws Error where bootstrap has not made them yet */
  async read(group: number): Promise<Group> {
    const path = this.#paths[group] ?? "";
    const data = await this.#client.read(path);
    if (data === undefined) {
      throw new Error(
        `Vault has no ${path}, which denies: a person with all rights makes it, ${npmRun(this.#stack, "bootstrap", "apply")}`,
      );
    }
    return { members: listOf(data.member_entity_ids), metadata: textsOf(data.metadata) };
  }

  async all(): Promise<readonly Group[]> {
    return Promise.all(this.#paths.map((_, group) => this.read(group)));
  }

  async write(group: number, { members, metadata }: Group): Promise<void> {
    await this.#client.write(this.#paths[group] ?? "", { member_entity_ids: members, metadata });
  }
}

function listOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function textsOf(value: unknown): Readonly<Record<string, string>> {
  if (typeof value !== "object" || value === null) return {};
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, String(one)]));
}
