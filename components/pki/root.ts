import type * as pulumi from "@pulumi/pulumi";
import * as vault from "@pulumi/vault";
import type { Settings } from "../../config/schema.ts";
import { seconds } from "../durations.ts";
import { protection } from "../protection.ts";
import { importIssuer, lasting, signAuthority } from "./issuer.ts";
import { type PkiMount, pkiMount } from "./mount.ts";
import { authorityName, crossSignedName, issuerName, keyParameters, type PkiSettings } from "./names.ts";

/** A CA's certificate, under the name that it has in each mount that knows it. */
export interface NamedCertificate {
  readonly name: string;
  readonly certificate: pulumi.Output<string>;
}

/** Who signs the intermediate, and the certificates that lead from it to what clients trust. */
export interface RootAuthority {
  readonly signer: { readonly mount: string; readonly issuer: string };
  readonly certificates: readonly NamedCertificate[];
  /** What must be there before it signs. */
  readonly resources: readonly pulumi.Resource[];
}

type Root = NonNullable<PkiSettings["root"]>;

/**
 * The root CA in a mount of its own. A later generation is another key, which the one before signs as well: clients that
 * trust only that one verify through the cross-signed certificate.
 */
export function rootAuthority(
  {
    settings,
    pki,
    root,
  }: {
    readonly settings: Pick<Settings, "environment" | "tier" | "vault">;
    readonly pki: PkiSettings;
    readonly root: Root;
  },
  options: pulumi.CustomResourceOptions,
): RootAuthority {
  const mount = pkiMount({ settings, path: root.mount, longest: root.ttl }, options);
  const name = issuerName("root", root.generation);
  const own = new vault.pkisecret.SecretBackendRootCert(
    `${root.mount}/${name}`,
    {
      backend: mount.path,
      type: "internal",
      commonName: authorityName(root),
      ttl: String(seconds(root.ttl)),
      issuerName: name,
      keyName: name,
      ...keyParameters(root.key),
    },
    { ...options, dependsOn: [...mount.configured], ...protection(settings.tier), ...lasting },
  );
  const crossed = root.generation === 1 ? undefined : crossSigned(pki, root, mount, own, options);
  return {
    signer: { mount: root.mount, issuer: name },
    certificates: [{ name, certificate: own.certificate }, ...(crossed?.certificates ?? [])],
    resources: [own, ...(crossed?.resources ?? [])],
  };
}

/** The root's key under the root before it, and that root itself. */
function crossSigned(
  pki: PkiSettings,
  root: Root,
  mount: PkiMount,
  own: pulumi.Resource,
  options: pulumi.CustomResourceOptions,
) {
  const name = crossSignedName("root", root.generation);
  const previous = issuerName("root", root.generation - 1);
  const within = { ...options, dependsOn: own };
  const request = new vault.pkisecret.SecretBackendIntermediateCertRequest(
    `${root.mount}/${name}`,
    {
      backend: mount.path,
      type: "existing",
      keyRef: issuerName("root", root.generation),
      commonName: authorityName(root),
    },
    { ...within, ...lasting },
  );
  const signed = signAuthority(
    {
      pki,
      as: `${root.mount}/${name}`,
      signer: { mount: root.mount, issuer: previous },
      csr: request.csr,
      commonName: authorityName(root),
      ttl: root.ttl,
    },
    options,
  );
  const imported = importIssuer({ mount: root.mount, name, certificate: signed.certificate }, options);
  return {
    certificates: [
      { name, certificate: signed.certificate },
      { name: previous, certificate: signed.issuingCa },
    ],
    resources: [imported],
  };
}
