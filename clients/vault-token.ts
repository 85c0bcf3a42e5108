import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";

/** The Vault token as the Vault CLI and provider find it: VAULT_TOKEN, else `~/.vault-token`. */
export async function findToken(
  environment: Readonly<Record<string, string | undefined>> = process.env,
  home: string = homedir(),
): Promise<string | undefined> {
  const token = environment.VAULT_TOKEN?.trim() || (await readIfThere(join(home, ".vault-token"))).trim();
  return token === "" ? undefined : token;
}

async function readIfThere(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch {
    return ""; // absent or not ours to read: the same as no token
  }
}
