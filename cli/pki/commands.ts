import { type VaultClient, VaultError } from "../../clients/vault.ts";
import { authorityName, issuerName, type PkiSettings } from "../../components/pki/names.ts";
import { withStackVault } from "../connection.ts";
import { stackSettings } from "../stack.ts";

interface StackOption {
  readonly stack: string;
}

/** Prints a request for the intermediate's key, for an outside CA to sign. The key stays in Vault; asking again is harmless. */
export async function csr({ stack }: StackOption): Promise<void> {
  const { settings, pki } = await declaredPki(stack);
  const { mount, generation } = pki.intermediate;
  const name = issuerName("int", generation);
  await withStackVault(settings, async (vault) => {
    const { data } = await saying(
      `There is no key ${name} in ${mount} yet: run pulumi up first, which makes it`,
      /unable to find|unable to resolve/i,
      () =>
        vault.write(`${mount}/issuers/generate/intermediate/existing`, {
          common_name: authorityName(pki.intermediate),
          key_ref: name,
        }),
    );
    console.log(String(data?.csr).trim());
  });
}

/** Revokes a certificate of the stack's intermediate, and has the complete CRL made anew at once. */
export async function revoke(serialNumber: string, { stack }: StackOption): Promise<void> {
  const { settings, pki } = await declaredPki(stack);
  await withStackVault(settings, (vault) => revokeIn(vault, pki.intermediate.mount, colons(serialNumber)));
}

async function revokeIn(vault: VaultClient, mount: string, serialNumber: string): Promise<void> {
  const { data } = await saying(
    `${mount} has not issued a certificate with the serial number ${serialNumber}, or has tidied it away`,
    /not found/i,
    () => vault.write(`${mount}/revoke`, { serial_number: serialNumber }),
  );
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

async function saying<T>(message: string, reason: RegExp, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const known = error instanceof VaultError && error.errors.some((text) => reason.test(text));
    throw known ? new Error(message) : error;
  }
}
