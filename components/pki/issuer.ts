import * as pulumi from "@pulumi/pulumi";
import * as vault from "@pulumi/vault";
import { seconds } from "../durations.ts";
import type { PkiSettings } from "./names.ts";

/** What makes an issuer stays in Vault when a later generation replaces it here: what it signed must still verify. */
export const lasting = { retainOnDelete: true };

/**
 * Gives a mount an issuer's certificate under a name; its key, if it is this mount's, is there already. An issuer signs
 * nothing that outlives it.
 */
export function importIssuer(
  {
    mount,
    name,
    certificate,
    chain,
  }: {
    readonly mount: string;
    readonly name: string;
    readonly certificate: pulumi.Input<string>;
    /** Ids of the issuers whose certificates follow its own in what it issues. @default as Vault finds them */
    readonly chain?: readonly pulumi.Input<string>[];
  },
  options: pulumi.CustomResourceOptions,
): vault.pkisecret.SecretBackendIssuer {
  const imported = new vault.pkisecret.SecretBackendIntermediateSetSigned(
    `${mount}/${name}`,
    { backend: mount, certificate: pulumi.output(certificate).apply((pem) => pem.trim()) },
    { ...options, ...lasting },
  );
  const id = imported.importedIssuers.apply((ids) => newIssuer(mount, name, ids));
  return new vault.pkisecret.SecretBackendIssuer(
    `${mount}/${name}`,
    {
      backend: mount,
      issuerRef: id,
      issuerName: name,
      leafNotAfterBehavior: "err",
      ...(chain === undefined ? {} : { manualChains: [id, ...chain] }),
    },
    { ...options, ...lasting },
  );
}

function newIssuer(mount: string, name: string, ids: readonly string[] | undefined): string {
  const [id] = ids ?? [];
  if (id !== undefined) return id;
  throw new pulumi.RunError(
    `${mount} has the certificate already that was to become the issuer ${name}: it belongs to an earlier generation. ` +
      "Have the new generation's own request signed: npm run pki -- csr",
  );
}

/**
 * What every CA certificate of this stack says: which names it may vouch for, and no addresses at all. So even whoever
 * may have requests signed gets a CA for these domains alone.
 */
export function constraints({ domains }: PkiSettings) {
  return { permittedDnsDomains: [...domains], excludedIpRanges: ["0.0.0.0/0", "::/0"] };
}

/** A CA certificate for a request: signed by an issuer of a mount, with the constraints of the declaration. */
export function signAuthority(
  args: {
    readonly pki: PkiSettings;
    /** Where it will stand: `<mount>/<issuer>`. */
    readonly as: string;
    readonly signer: { readonly mount: string; readonly issuer: string };
    readonly csr: pulumi.Input<string>;
    readonly commonName: string;
    /** A Go duration; Vault shortens it to the signer's own end. */
    readonly ttl: string;
  },
  options: pulumi.CustomResourceOptions,
): vault.pkisecret.SecretBackendRootSignIntermediate {
  return new vault.pkisecret.SecretBackendRootSignIntermediate(
    args.as,
    {
      backend: args.signer.mount,
      issuerRef: args.signer.issuer,
      csr: args.csr,
      commonName: args.commonName,
      ttl: String(seconds(args.ttl)),
      ...constraints(args.pki),
    },
    { ...options, ...lasting },
  );
}
