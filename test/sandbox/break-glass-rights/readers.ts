import type { VaultClient } from "../../../clients/vault.ts";
import type { RunningSandbox } from "../../../sandbox/sandbox.ts";
import { clientOf, kv } from "../operators/ground.ts";

/** An auth mount of these tests' own, whose logins have entities as workloads' have. */
export const logins = "optest-logins";

/** Grants the whole mount, so that only a denial can refuse a path. */
const POLICY = "optest-reader";
const PASSWORD = "for a test's own user";

export type TokenType = "service" | "batch";

/** Somebody who logs in to Vault and reads. */
export interface Reader {
  readonly client: VaultClient;
  readonly token: string;
  readonly entity: string;
  readonly accessor: string;
  /** `read`, or the status with which Vault refuses. */
  reads(path: string): Promise<"read" | number>;
}

export async function prepareReaders(root: VaultClient): Promise<void> {
  await root.write(`sys/auth/${logins}`, { type: "userpass" });
  await root.write(`sys/policies/acl/${POLICY}`, {
    policy: ["data/+/+", "data/*", "data/team/db"]
      .map((path) => `path "${kv}/${path}" { capabilities = ["read"] }`)
      .join("\n"),
  });
}

export async function removeReaders(root: VaultClient): Promise<void> {
  await root.delete(`sys/auth/${logins}`);
  const entities = (await root.list("identity/entity/id")) ?? [];
  for (const id of entities) {
    const { aliases = [] } = ((await root.read(`identity/entity/id/${id}`)) ?? {}) as {
      readonly aliases?: readonly { readonly name?: string }[];
    };
    if (aliases.length === 0 || aliases.some(({ name }) => name?.startsWith("optest-"))) {
      await root.delete(`identity/entity/id/${id}`);
    }
  }
}

/** Logs in; the same name is the same entity, whatever the kind of its tokens. */
export async function logIn(
  root: VaultClient,
  sandbox: RunningSandbox,
  name: string,
  type: TokenType = "service",
): Promise<Reader> {
  await root.write(`auth/${logins}/users/${name}`, {
    password: PASSWORD,
    token_type: type,
    token_policies: [POLICY],
    token_no_default_policy: true,
    token_ttl: "10m",
  });
  const nobody = clientOf(sandbox);
  const { auth } = await nobody.write(`auth/${logins}/login/${name}`, { password: PASSWORD });
  await nobody.close();
  const token = String(auth?.client_token);
  const client = clientOf(sandbox, token);
  return {
    client,
    token,
    entity: String(auth?.entity_id),
    accessor: String(auth?.accessor),
    reads: async (path) =>
      client.read(path).then(
        () => "read" as const,
        (error: { readonly status?: number }) => error.status ?? 0,
      ),
  };
}
