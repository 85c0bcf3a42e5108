import { X509Certificate } from "node:crypto";
import { type Problem, pathText, show } from "./problems.ts";
import type { Declaration } from "./schema.ts";
import { durationMs } from "./values.ts";

type Pki = NonNullable<Declaration["pki"]>;
type Certificate = Declaration["namespaces"][string]["services"][string]["certificates"][string];
type Path = readonly PropertyKey[];

/** The longest common name that X.509 has room for. */
const COMMON_NAME_LENGTH = 64;

/** Rules over the CA's fields and over what services ask of it. */
export function pkiProblems(declared: Declaration): readonly Problem[] {
  const certificates = certificatesOf(declared);
  const { pki } = declared;
  if (pki === undefined) return certificates.map(({ path }) => withoutPki(path));
  return [
    ...oneSigner(pki),
    ...wildcardDomains(pki),
    ...signedChain(pki),
    ...lives(pki),
    ...certificates.flatMap((one) => [
      ...names(pki, one),
      ...longCommonName(one),
      ...longLife(pki, one),
      ...twins(declared, one),
    ]),
  ];
}

/** The mounts of a declared CA, and where they are declared. */
export function pkiMounts({
  pki,
}: Declaration): readonly { readonly mount: string; readonly path: readonly string[] }[] {
  if (pki === undefined) return [];
  return (["root", "intermediate"] as const).flatMap((part) => {
    const mount = pki[part]?.mount;
    return mount === undefined ? [] : [{ mount, path: ["pki", part, "mount"] }];
  });
}

interface Declared {
  readonly namespace: string;
  readonly name: string;
  readonly certificate: Certificate;
  readonly path: Path;
}

function certificatesOf({ namespaces }: Declaration): readonly Declared[] {
  return Object.entries(namespaces).flatMap(([namespace, { services }]) =>
    Object.entries(services).flatMap(([service, { certificates }]) =>
      Object.entries(certificates).map(([name, certificate]) => ({
        namespace,
        name,
        certificate,
        path: ["namespaces", namespace, "services", service, "certificates", name],
      })),
    ),
  );
}

function withoutPki(path: Path): Problem {
  return {
    path: pathText(path),
    found: "a certificate, and no CA to issue it",
    allowed: "certificates where the stack declares pki",
    fix: "declare pki, or remove the certificate",
  };
}

function oneSigner({ root, external }: Pki): readonly Problem[] {
  if ((root === undefined) !== (external === undefined)) return [];
  return [
    {
      path: "pki",
      found: root === undefined ? "neither root nor external" : "root and external",
      allowed: "exactly one of the two: who signs the intermediate",
      fix: "keep root for a root CA in Vault, or external: {} for an outside CA",
    },
  ];
}

function wildcardDomains(pki: Pki): readonly Problem[] {
  return pki.wildcards
    .filter((name) => !within(name.slice(2), pki.domains))
    .map((name) => outside(["pki", "wildcards"], name, pki));
}

function outside(path: Path, name: string, { domains }: Pki): Problem {
  return {
    path: pathText(path),
    found: show(name),
    allowed: `names in or below pki.domains: ${domains.join(", ")}`,
    fix: "correct the name; a domain more in pki.domains takes a new intermediate, whose certificate names them",
  };
}

/** Whether a name is one of the domains or lies below one; what a name constraint of a certificate compares. */
function within(name: string, domains: readonly string[]): boolean {
  return domains.some((domain) => `.${name}`.endsWith(`.${domain}`));
}

function names(pki: Pki, { certificate, path }: Declared): readonly Problem[] {
  const all = [
    { name: certificate.commonName, at: [...path, "commonName"] },
    ...certificate.dnsNames.map((name, index) => ({ name, at: [...path, "dnsNames", index] })),
  ];
  return all.flatMap(({ name, at }) => {
    if (name.startsWith("*.")) return pki.wildcards.includes(name) ? [] : [unnamedWildcard(at, name)];
    return within(name, pki.domains) ? [] : [outside(at, name, pki)];
  });
}

function unnamedWildcard(path: Path, name: string): Problem {
  return {
    path: pathText(path),
    found: show(name),
    allowed: "names without a wildcard, or one that stands in pki.wildcards",
    fix: `write out each name; or add ${show(name)} to pki.wildcards: whoever holds its key is every name below it`,
  };
}

function longCommonName({ certificate: { commonName }, path }: Declared): readonly Problem[] {
  if (commonName.length <= COMMON_NAME_LENGTH) return [];
  return [
    {
      path: pathText([...path, "commonName"]),
      found: `${commonName.length} characters`,
      allowed: `at most ${COMMON_NAME_LENGTH}, which is all a certificate's common name has room for`,
      fix: "write a shorter name here, and the long one in dnsNames: clients look at those",
    },
  ];
}

function lives({ root, intermediate }: Pki): readonly Problem[] {
  if (root === undefined || durationMs(intermediate.ttl) < durationMs(root.ttl)) return [];
  return [
    {
      path: "pki.intermediate.ttl",
      found: `${intermediate.ttl}, with a root of ${root.ttl}`,
      allowed: "less than pki.root.ttl: nothing that an ended root signed is believed",
      fix: "shorten it, e.g. to half of the root's",
    },
  ];
}

function longLife({ intermediate }: Pki, { certificate, path }: Declared): readonly Problem[] {
  if (durationMs(certificate.ttl) < durationMs(intermediate.ttl)) return [];
  return [
    {
      path: pathText([...path, "ttl"]),
      found: `${certificate.ttl}, with an intermediate of ${intermediate.ttl}`,
      allowed: "less than pki.intermediate.ttl: Vault issues nothing that outlives its issuer",
      fix: "shorten it, e.g. to 72h",
    },
  ];
}

/** An ExternalSecret or a Secret that the namespace has already. */
function twins(
  { namespaces }: Declaration,
  { namespace, name, certificate, path }: Declared,
): readonly Problem[] {
  const target = certificate.target ?? name;
  const services = Object.entries(namespaces[namespace]?.services ?? {});
  const others = services.flatMap(([service, { secrets, certificates }]) => [
    ...Object.entries(secrets).map(([other, fields]) => ({ kind: "secrets", service, other, fields })),
    ...Object.entries(certificates).map(([other, fields]) => ({
      kind: "certificates",
      service,
      other,
      fields,
    })),
  ]);
  const at = pathText(path);
  const placed = others.map((one) => ({
    name: one.other,
    target: one.fields.target ?? one.other,
    path: pathText(["namespaces", namespace, "services", one.service, one.kind, one.other]),
    certificate: one.kind === "certificates",
  }));
  const own = placed.findIndex((one) => one.path === at);
  const twin = placed.find(
    (one, index) =>
      one.path !== at && (!one.certificate || index < own) && (one.name === name || one.target === target),
  );
  if (twin === undefined) return [];
  return [
    {
      path: at,
      found: `${twin.name === name ? `name ${name}` : `target ${target}`}, as at ${twin.path}`,
      allowed: "ExternalSecrets and target Secrets that are each named once in a namespace",
      fix: "rename one of the two",
    },
  ];
}

function signedChain({ external }: Pki): readonly Problem[] {
  const { signed } = external ?? {};
  if (signed === undefined) return [];
  const problem = (found: string) => ({
    path: "pki.external.signed",
    found,
    allowed: "the intermediate's certificate, then that of each CA above it up to the self-signed root",
    fix: "ask the outside CA for the whole chain, and paste it in this order",
  });
  let chain: readonly X509Certificate[];
  try {
    chain = pemBlocks(signed).map((pem) => new X509Certificate(pem));
  } catch {
    return [problem("a text that is no certificate")];
  }
  if (chain.some(({ ca }) => !ca)) return [problem("a certificate that is no CA's")];
  const broken = chain.findIndex((one, index) => !one.checkIssued(chain[index + 1] ?? one));
  if (broken >= 0) {
    const last = broken === chain.length - 1;
    return [
      problem(
        last
          ? `a chain that ends below its root, at ${subject(chain[broken])}`
          : `${subject(chain[broken])}, which the next certificate did not sign`,
      ),
    ];
  }
  return chain.length < 2 ? [problem("a root alone")] : [];
}

function subject(certificate: X509Certificate | undefined): string {
  return (certificate?.subject ?? "").replaceAll("\n", ", ");
}

/** The certificates of a PEM text, in its order. */
export function pemBlocks(pem: string): readonly string[] {
  return pem.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
}
