import { type VaultClient, VaultError, type VaultResponse } from "../../clients/vault.ts";
import { authorityName, issuerName, type PkiSettings } from "../../components/pki/names.ts";
import { withStackVault } from "../connection.ts";
import { explained } from "../secrets/kv.ts";
import { stackSettings } from "../stack.ts";

interface StackOption {
  readonly stack: string;
}

/** Prints a request for the intermediate's key, for an outside CA to sign. The key stays in Vault; asking again is harmless. */
export async function csr({ stack }: StackOption): Promise<void> {
  const { settings, pki } = await declaredPki(stack);
  refuseOwnRoot(pki, stack);
  console.log(await withStackVault(settings, (vault) => requestOf(vault, pki)));
}

/** @throws Error where the stack's own root signs the intermediate */
export function refuseOwnRoot({ external }: Pick<PkiSettings, "external">, stack: string): void {
  if (external !== undefined) return;
  throw new Error(
    `csr is for a stack whose intermediate an outside CA signs (pki.external). Pulumi.${stack}.yaml declares pki.root: that ` +
      "root signs it at pulumi up, and there is nothing to request",
  );
}

/** @throws Error that says what to do first, or names the missing right */
export async function requestOf(
  vault: VaultClient,
  { intermediate }: Pick<PkiSettings, "intermediate">,
): Promise<string> {
  const { mount, generation } = intermediate;
  const name = issuerName("int", generation);
  const { data } = await asking(vault, {
    path: `${mount}/issuers/generate/intermediate/existing`,
    body: { common_name: authorityName(intermediate), key_ref: name },
    whose: "a deployer has it",
    unknown: /unable to find|unable to resolve/i,
    say: `There is no key ${name} in ${mount} yet: run pulumi up first, which makes it`,
  });
  return String(data?.csr).trim();
}

/** Revokes a certificate of the stack's intermediate, and has the complete CRL made anew at once. */
export async function revoke(serialNumber: string, { stack }: StackOption): Promise<void> {
  const { settings, pki } = await declaredPki(stack);
  await withStackVault(settings, (vault) => revokeIn(vault, pki.intermediate.mount, colons(serialNumber)));
}

async function revokeIn(vault: VaultClient, mount: string, serialNumber: string): Promise<void> {
  const { data } = await asking(vault, {
    path: `${mount}/revoke`,
    body: { serial_number: serialNumber },
    whose: "a secret-admin has it",
    unknown: /not found/i,
    say: `${mount} has not issued a certificate with the serial number ${serialNumber}, or has tidied it away`,
  });
  await vault.read(`${mount}/crl/rotate`);
  console.log(
    `Revoked ${serialNumber} at ${String(data?.revocation_time_rfc3339)}; OCSP and the CRL say so. Who still holds its ` +
      "Secret gets another one now with: kubectl annotate externalsecret <name> -n <namespace> force-sync=$(date +%s) --overwrite",
  );
}

async function declaredPki(stack: string) {
  const settings = await stackSettings(stack);
  const pki: PkiSettings | undefined = settings.pki;
  if (pki === undefined) throw new Error(`Pulumi.${stack}.yaml declares no pki`);
  return { settings, pki };
}

/** Vault takes `3a:5f` alone; openssl prints `3A5F`. */
export function colons(serialNumber: string): string {
  const digits = serialNumber.toLowerCase().replaceAll(/[:\s-]/g, "");
  if (!/^([0-9a-f]{2})+$/.test(digits)) {
    throw new Error(
      "A serial number is hexadecimal digits in pairs, e.g. 3a:5f:01 or 3A5F01 (openssl x509 -noout -serial)",
    );
  }
  return (digits.match(/../g) ?? []).join(":");
}

interface Asked {
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** Who has the right to it, in words. */
  readonly whose: string;
  /** Vault's words for what it does not know, and what to say then. */
  readonly unknown: RegExp;
  readonly say: string;
}

async function asking(
  vault: VaultClient,
  { path, body, whose, unknown, say }: Asked,
): Promise<VaultResponse> {
  try {
    return await vault.write(path, body);
  } catch (error) {
    const known = error instanceof VaultError && error.errors.some((text) => unknown.test(text));
    throw known ? new Error(say) : explained(error, "update", path, whose);
  }
}
