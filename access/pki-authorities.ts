import { seconds } from "../components/durations.ts";
import { externalChain } from "../components/pki/external.ts";
import { constraints } from "../components/pki/issuer.ts";
import {
  authorityName,
  crossSignedName,
  isCrossSigned,
  issuerName,
  keyParameters,
  type PkiSettings,
} from "../components/pki/names.ts";
import type { ManagedPath } from "./managed.ts";
import type { Capability, Parameters } from "./operators/document.ts";

/** Vault compares a policy's lists as they stand, and Pulumi's provider sends a CA's constraints as texts. */
const commas = (list: readonly string[]): string => list.join(",");

/** What making a root CA takes, and what it signs. */
export function rootPaths(pki: PkiSettings, root: NonNullable<PkiSettings["root"]>): readonly ManagedPath[] {
  const { mount, generation, ttl } = root;
  const commonName = authorityName(root);
  const name = issuerName("root", generation);
  const of = `root CA ${name}`;
  const crossed = crossSignedName("root", generation);
  return [
    {
      path: `${mount}/issuers/generate/root/internal`,
      capabilities: ["update"],
      allowed: {
        issuer_name: [name],
        ttl: [String(seconds(ttl))],
        max_path_length: [],
        use_pss: [false],
        ...keyRequest(name, commonName, root.key),
      },
      of,
    },
    signing(pki, { mount, issuer: name, commonName: authorityName(pki.intermediate), of }),
    ...(generation === 1
      ? []
      : [
          keyAgain({ mount, names: [name], commonName, of }),
          signing(pki, { mount, issuer: issuerName("root", generation - 1), commonName, of }),
          ...importing({ mount, names: [crossed], of }),
        ]),
  ];
}

/** What making an intermediate CA takes, and what stands beside it in its mount. */
export function intermediatePaths(pki: PkiSettings): readonly ManagedPath[] {
  const { mount, generation, key } = pki.intermediate;
  const commonName = authorityName(pki.intermediate);
  const name = issuerName("int", generation);
  const of = `intermediate CA ${name}`;
  return [
    {
      path: `${mount}/issuers/generate/intermediate/internal`,
      capabilities: ["update"],
      allowed: { add_basic_constraints: [false], ...keyRequest(name, commonName, key) },
      of,
    },
    keyAgain({ mount, names: [name], commonName, of }),
    ...importing({ mount, names: issuersBeside(pki), of }),
    {
      path: `${mount}/config/issuers`,
      capabilities: ["read", "update"],
      allowed: { default: [], default_follows_latest_issuer: [false] },
      of,
    },
    ...(isCrossSigned(pki)
      ? [signing(pki, { mount, issuer: issuerName("int", generation - 1), commonName, of })]
      : []),
  ];
}

/** Every issuer that the intermediate's mount knows by name. */
function issuersBeside(pki: PkiSettings): readonly string[] {
  const { root, intermediate } = pki;
  const roots =
    root === undefined
      ? externalChain(pki).map(({ name }) => name)
      : [
          issuerName("root", root.generation),
          ...(root.generation === 1
            ? []
            : [crossSignedName("root", root.generation), issuerName("root", root.generation - 1)]),
        ];
  return [
    ...new Set([
      ...roots,
      issuerName("int", intermediate.generation),
      ...(isCrossSigned(pki) ? [crossSignedName("int", intermediate.generation)] : []),
    ]),
  ];
}

/** What making a key with a name of its own carries. */
function keyRequest(name: string, commonName: string, key: string): Parameters {
  return {
    common_name: [commonName],
    key_name: [name],
    key_type: [keyParameters(key).keyType],
    key_bits: [],
    format: ["pem"],
    private_key_format: ["der"],
    exclude_cn_from_sans: [false],
  };
}

interface Place {
  readonly mount: string;
  readonly names: readonly string[];
  readonly of: string;
}

/** Another request for a key that is there: the key stays where it is. */
function keyAgain({ mount, names, commonName, of }: Place & { readonly commonName: string }): ManagedPath {
  return {
    path: `${mount}/issuers/generate/intermediate/existing`,
    capabilities: ["update"],
    allowed: {
      common_name: [commonName],
      key_ref: names,
      format: ["pem"],
      private_key_format: ["der"],
      exclude_cn_from_sans: [false],
      add_basic_constraints: [false],
    },
    of,
  };
}

function signing(
  pki: PkiSettings,
  signer: {
    readonly mount: string;
    readonly issuer: string;
    readonly commonName: string;
    readonly of: string;
  },
): ManagedPath {
  const { permittedDnsDomains, excludedIpRanges } = constraints(pki);
  return {
    path: `${signer.mount}/issuer/${signer.issuer}/sign-intermediate`,
    capabilities: ["update"],
    allowed: {
      csr: [],
      common_name: [signer.commonName],
      ttl: [],
      issuer_ref: [signer.issuer],
      format: ["pem"],
      max_path_length: [],
      permitted_dns_domains: [commas(permittedDnsDomains)],
      excluded_ip_ranges: [commas(excludedIpRanges)],
      exclude_cn_from_sans: [false],
      use_csr_values: [false],
      use_pss: [false],
    },
    required: ["common_name", "permitted_dns_domains", "excluded_ip_ranges"],
    of: signer.of,
  };
}

/** Vault gives issuers ids of its own, by which they are then named. */
function importing({ mount, names, of }: Place): readonly ManagedPath[] {
  const named: readonly Capability[] = ["read", "update", "patch"];
  return [
    { path: `${mount}/intermediate/set-signed`, capabilities: ["update"], allowed: { certificate: [] }, of },
    {
      path: `${mount}/issuer/+`,
      capabilities: named,
      allowed: { issuer_name: names, leaf_not_after_behavior: ["err"], manual_chain: [] },
      of,
    },
  ];
}
