import type { VaultClient } from "../../../clients/vault.ts";
import { type VaultReads, type VaultType, vaultTypes } from "../../../resources/vault-types.ts";
import { type Declared, type Finding, type Looked, resourceOf } from "../finding.ts";
import { lookAtAll, type Outcome } from "../look.ts";
import { authorityReaders } from "./authorities.ts";
import { vaultDifferences } from "./compare.ts";
import { generatedReaders } from "./generated.ts";
import type { VaultReader } from "./reader.ts";
import { rememberingReads } from "./reads.ts";
import { unsaidOf } from "./unsaid.ts";

const WORDS: Readonly<Record<string, string>> = {
  "vault:index/mount:Mount": "mount",
  "vault:index/authBackend:AuthBackend": "auth mount",
  "vault:jwt/authBackend:AuthBackend": "auth mount",
  "vault:index/audit:Audit": "audit device",
  "vault:index/policy:Policy": "policy",
  "vault:index/quotaRateLimit:QuotaRateLimit": "quota",
  "vault:kubernetes/authBackendRole:AuthBackendRole": "role",
  "vault:jwt/authBackendRole:AuthBackendRole": "role",
  "vault:pkiSecret/secretBackendRole:SecretBackendRole": "certificate role",
  "vault:pkiSecret/secretBackendIssuer:SecretBackendIssuer": "issuer",
  "vault:pkiSecret/secretBackendRootCert:SecretBackendRootCert": "issuer",
  "vault:database/secretBackendConnection:SecretBackendConnection": "database connection",
  "vault:database/secretBackendStaticRole:SecretBackendStaticRole": "database role",
  "vault:database/secretBackendRole:SecretBackendRole": "database role",
  "vault:kv/secretV2:SecretV2": "generated secret",
};

/** Holds every declared resource of Vault against what Vault answers. Reads configuration and metadata alone, no value. */
export function lookAtVault(
  vault: VaultClient,
  declared: readonly Declared[],
  report: (line: string) => void,
): Promise<Looked> {
  const reads = rememberingReads(vault, report);
  return lookAtAll(declared, {
    server: "Vault",
    what: nameOf,
    look: (one) => lookAt(reads, one),
    report,
  });
}

function nameOf(declared: Declared): string {
  const reader = readers(declared)[0];
  if (reader === undefined) return resourceOf(declared);
  return `${WORDS[declared.type] ?? "configuration"} ${reader.place(declared)}`;
}

/** How a resource is looked at; several where it has several parts. */
function readers({ type }: Declared): readonly VaultReader[] {
  const own = { ...authorityReaders, ...generatedReaders }[type];
  return own === undefined ? (vaultTypes[type] ?? []).map((part) => partReader(type, part)) : [own];
}

async function lookAt(vault: VaultReads, declared: Declared): Promise<Outcome> {
  const parts = readers(declared);
  if (parts.length === 0) return { notLookedAt: "there is no reader for its type" };
  const found = await Promise.all(parts.map((part) => part.fields(vault, declared)));
  const finding = { server: "Vault", what: nameOf(declared), resource: resourceOf(declared) } as const;
  if (found[0] === undefined) return [{ ...finding, drift: "missing", fields: [] }];
  const fields = found.flatMap((one) => one ?? []);
  return fields.length === 0 ? [] : [{ ...finding, drift: "changed", fields } satisfies Finding];
}

function partReader(type: string, part: VaultType): VaultReader {
  return {
    place: ({ inputs }) => part.path(inputs),
    fields: async (vault, { inputs }) => {
      const found = await part.read(vault, part.path(inputs));
      return found && vaultDifferences(part.declared(inputs), found, unsaidOf[type]);
    },
  };
}
