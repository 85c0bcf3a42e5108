import type { VaultClient } from "../../clients/vault.ts";

/** The capabilities on each path. */
export type Rules = Readonly<Record<string, readonly string[]>>;

/** Writes a policy of that name, and makes a token of ten minutes that has it and no other. */
export async function tokenWith(root: VaultClient, policy: string, rules: Rules): Promise<string> {
  const blocks = Object.entries(rules).map(
    ([path, capabilities]) => `path "${path}" { capabilities = ${JSON.stringify(capabilities)} }`,
  );
  await root.write(`sys/policies/acl/${policy}`, { policy: blocks.join("\n") });
  const made = { policies: [policy], no_default_policy: true, ttl: "10m" };
  return String((await root.write("auth/token/create", made)).auth?.client_token);
}
