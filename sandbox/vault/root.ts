import { z } from "zod";
import { VaultClient, VaultError, withVault } from "../../clients/vault.ts";
import { withLockInTurn } from "../processes/lock.ts";
import { until } from "../processes/until.ts";
import { readState, type SandboxPaths } from "../state.ts";
import { undefinedWhileUnsettled } from "./unsettled.ts";

/** What it takes to become root: the sandbox's unseal key in its state, and where Vault is. */
export interface RootAccess {
  readonly paths: Pick<SandboxPaths, "rootLock" | "vaultUnsealKeyFile">;
  readonly vault: { readonly address: string; readonly caPem: string };
}

const deadlineMs = 30_000;
/** Should its holder be killed before it can revoke it, the token ends by itself. */
const ttl = "1h";

const attempt = z.object({ nonce: z.string(), otp: z.string().min(1) });
const generated = z.object({ encoded_root_token: z.string().min(1) });

/**
 * Runs `work` with a root token made for it alone, by the unseal key (`sys/generate-root`), and revoked after it. There is
 * no other root token in a sandbox.
 */
export async function withRoot<T>(access: RootAccess, work: (client: VaultClient) => Promise<T>): Promise<T> {
  const client = await openRoot(access);
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}

/** A client with a root token of its own, which `close` revokes: {@link withRoot} for what does not fit in one function. */
export async function openRoot({ paths, vault }: RootAccess): Promise<VaultClient> {
  const key = await readState(paths.vaultUnsealKeyFile);
  // Vault has one attempt at a time.
  const token = await withLockInTurn(paths.rootLock, deadlineMs, () => generate(vault, key));
  const endless = new RootClient({ ...vault, token });
  try {
    const { auth } = await endless.write("auth/token/create-orphan", {
      policies: ["root"],
      ttl,
      display_name: "sandbox-root",
    });
    return new RootClient({ ...vault, token: String(auth?.client_token) });
  } finally {
    await endless.close();
  }
}

class RootClient extends VaultClient {
  override async close(): Promise<void> {
    try {
      await until("Vault revoked a root token", { deadlineMs, intervalMs: 200 }, () => revokeSelf(this));
    } finally {
      await super.close();
    }
  }
}

/**
 * Ends the token that the client holds; one that Vault does not know any more is ended already. `undefined` while there is
 * no leader to do it.
 */
export async function revokeSelf(client: VaultClient): Promise<true | undefined> {
  try {
    await client.write("auth/token/revoke-self", {});
    return true;
  } catch (error) {
    if (error instanceof VaultError && error.status === 403) return true;
    return undefinedWhileUnsettled(error);
  }
}

async function generate(vault: RootAccess["vault"], key: string): Promise<string> {
  return withVault(vault, (client) =>
    until("Vault gave a root token", { deadlineMs, intervalMs: 200 }, () =>
      attemptWith(client, key).catch(undefinedWhileUnsettled),
    ),
  );
}

/** Of an attempt that is under way already, the one who began it was killed: it held the lock. */
async function attemptWith(client: VaultClient, key: string): Promise<string> {
  await client.delete("sys/generate-root/attempt");
  const begun = await client.request("PUT", "sys/generate-root/attempt", {});
  const { nonce, otp } = attempt.parse(begun.body);
  const done = await client.request("PUT", "sys/generate-root/update", { key, nonce });
  return decoded(generated.parse(done.body).encoded_root_token, otp);
}

/** Vault gives the token combined, bit by bit, with the one-time password of the attempt (XOR). */
function decoded(encoded: string, otp: string): string {
  const password = Buffer.from(otp);
  return Buffer.from(encoded, "base64")
    .map((byte, index) => byte ^ (password[index] ?? 0))
    .toString();
}
