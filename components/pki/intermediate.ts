import * as pulumi from "@pulumi/pulumi";
import * as vault from "@pulumi/vault";
import { externalChain } from "./external.ts";
import { importIssuer, lasting, signAuthority } from "./issuer.ts";
import type { PkiMount } from "./mount.ts";
import {
  authorityName,
  crossSignedName,
  isCrossSigned,
  issuerName,
  keyParameters,
  type PkiSettings,
} from "./names.ts";
import type { NamedCertificate, RootAuthority } from "./root.ts";

export interface IntermediateArgs {
  readonly pki: PkiSettings;
  readonly mount: PkiMount;
  /** Absent where an outside CA signs. */
  readonly root?: RootAuthority | undefined;
}

/**
 * The intermediate that issues every certificate: its key is made in the mount, its certificate signed by the root or, as
 * declared, by an outside CA. A later generation is another key in the same mount; the one before stays for what it has
 * issued and its CRL, and is the default no more. Below a root of the stack's own it signs the later one as well.
 * @returns what must be there before a certificate is issued; nothing while the outside CA has not signed
 */
export function intermediateAuthority(
  { pki, mount, root }: IntermediateArgs,
  options: pulumi.CustomResourceOptions,
): readonly pulumi.Resource[] {
  const { intermediate } = pki;
  const name = issuerName("int", intermediate.generation);
  const request = new vault.pkisecret.SecretBackendIntermediateCertRequest(
    `${intermediate.mount}/${name}`,
    {
      backend: mount.path,
      type: "internal",
      commonName: authorityName(intermediate),
      keyName: name,
      ...keyParameters(intermediate.key),
    },
    { ...options, dependsOn: [...mount.configured], ...lasting },
  );
  const [own, ...parents] = chain(pki, request, root, options);
  if (own === undefined) return [];

  const known = parents.map((one) => importIssuer({ mount: intermediate.mount, ...one }, options));
  const crossed = isCrossSigned(pki) ? [crossSigned(pki, request, options)] : [];
  const issuer = importIssuer(
    {
      mount: intermediate.mount,
      ...own,
      // Vault's own choice leaves a certificate out that another CA has signed for the same key.
      ...(crossed.length > 0 ? { chain: [...crossed, ...known].map(({ issuerId }) => issuerId) } : {}),
    },
    { ...options, dependsOn: request },
  );
  const switched = new vault.pkisecret.SecretBackendConfigIssuers(
    intermediate.mount,
    { backend: mount.path, default: issuer.issuerId, defaultFollowsLatestIssuer: false },
    // Last: what is issued from now on carries the whole chain. It stays while an outside CA has the next one to sign.
    { ...options, ...lasting, dependsOn: [...known, ...crossed] },
  );
  return [switched];
}

/** The intermediate's certificate, then those above it; nothing while it is not signed. */
function chain(
  pki: PkiSettings,
  request: vault.pkisecret.SecretBackendIntermediateCertRequest,
  root: RootAuthority | undefined,
  options: pulumi.CustomResourceOptions,
): readonly NamedCertificate[] {
  const { generation, mount, ttl } = pki.intermediate;
  const name = issuerName("int", generation);
  const commonName = authorityName(pki.intermediate);
  if (root === undefined) {
    return externalChain(pki).map((one) => ({ ...one, certificate: pulumi.output(one.certificate) }));
  }
  const signed = signAuthority(
    { pki, as: `${mount}/${name}`, signer: root.signer, csr: request.csr, commonName, ttl },
    { ...options, dependsOn: [...root.resources] },
  );
  return [{ name, certificate: signed.certificate }, ...root.certificates];
}

/** The same key, signed by the generation before: for clients that trust that one and not its root. */
function crossSigned(
  pki: PkiSettings,
  request: vault.pkisecret.SecretBackendIntermediateCertRequest,
  options: pulumi.CustomResourceOptions,
): vault.pkisecret.SecretBackendIssuer {
  const { generation, mount, ttl } = pki.intermediate;
  const commonName = authorityName(pki.intermediate);
  const name = crossSignedName("int", generation);
  const signed = signAuthority(
    {
      pki,
      as: `${mount}/${name}`,
      signer: { mount, issuer: issuerName("int", generation - 1) },
      csr: request.csr,
      commonName,
      ttl,
    },
    options,
  );
  return importIssuer({ mount, name, certificate: signed.certificate }, options);
}
