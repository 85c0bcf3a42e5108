import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import {
  type ConnectionAdvice,
  type VaultClient,
  type VaultConnection,
  withVault,
} from "../clients/vault.ts";
import { findToken } from "../clients/vault-token.ts";
import type { Settings } from "../config/schema.ts";
import { serverUrl } from "../config/values.ts";

/**
 * Where Vault is and who asks, by the Vault CLI's own rules: VAULT_ADDR, VAULT_CACERT and VAULT_TOKEN, else the stack's address
 * and CA and the token that `vault login` left in `~/.vault-token`.
 * @throws Error when there is no token, the CA file cannot be read, or the address would send the token in clear text
 */
export async function vaultConnection(
  vault: Settings["vault"],
  environment: Readonly<Record<string, string | undefined>>,
  home: string,
): Promise<VaultConnection> {
  const server = await vaultServer(vault, environment);
  const token = await findToken(environment, home);
  if (token === undefined) {
    throw new Error("No Vault token: set VAULT_TOKEN, or run vault login, which writes ~/.vault-token");
  }
  return { ...server, token };
}

/** The same without who asks: enough for what Vault tells anybody. */
export async function vaultServer(
  vault: Settings["vault"],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Pick<VaultConnection, "address" | "caPem" | "advice">> {
  const address = environment.VAULT_ADDR || vault.address;
  if (!serverUrl.safeParse(address).success) {
    throw new Error(
      "VAULT_ADDR must be https://host[:port] without a path; http:// only to 127.0.0.1, [::1] or localhost",
    );
  }
  const caFile = environment.VAULT_CACERT;
  const caPem = caFile ? await readText(caFile, "VAULT_CACERT") : vault.caCertificate;
  return { address, ...(caPem === undefined ? {} : { caPem }), advice: adviceFor(environment) };
}

const SANDBOX = 'in the sandbox: eval "$(npm run -s sandbox -- env)"';

/** A person may not know that it is the stack's Vault which is asked, rather than the one in their mind. */
function adviceFor(environment: Readonly<Record<string, string | undefined>>): ConnectionAdvice {
  return {
    ...(environment.VAULT_ADDR
      ? {}
      : {
          unreachable:
            "The address is vault.address of Pulumi.<stack>.yaml, since VAULT_ADDR is not set; VAULT_ADDR and " +
            `VAULT_CACERT name another Vault (${SANDBOX})`,
        }),
    ...(environment.VAULT_CACERT
      ? {}
      : {
          untrusted:
            "VAULT_CACERT is not set, so vault.caCertificate of Pulumi.<stack>.yaml is trusted, or the system's CAs where " +
            `there is none; VAULT_CACERT names a file with another CA (${SANDBOX})`,
        }),
  };
}

async function readText(file: string, variable: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new Error(`${variable} names ${file}, which cannot be read: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** Works with the Vault of a stack, as whoever runs the command. */
export async function withStackVault<T>(
  { vault }: Pick<Settings, "vault">,
  work: (client: VaultClient) => Promise<T>,
): Promise<T> {
  return withVault(await vaultConnection(vault, process.env, homedir()), work);
}
