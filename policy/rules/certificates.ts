import { isEmpty, type ResourceRule, texts, UNKNOWN, when } from "./resource.ts";

const ROLE = "vault:pkiSecret/secretBackendRole:SecretBackendRole";

/** Resources whose private key, made or given, stands in the state. */
const KEY_IN_STATE: Readonly<Record<string, string>> = {
  "vault:pkiSecret/secretBackendCert:SecretBackendCert":
    "let the workload's own login issue it, e.g. through a VaultDynamicSecret",
  "vault:pkiSecret/secretBackendConfigCa:SecretBackendConfigCa":
    "let Vault make the key (type internal), and have its request signed",
};

/** Resources that make a CA's key, and say whether it leaves Vault. */
const MAKES_KEY = new Set([
  "vault:pkiSecret/secretBackendRootCert:SecretBackendRootCert",
  "vault:pkiSecret/secretBackendIntermediateCertRequest:SecretBackendIntermediateCertRequest",
]);

/** What a role may not allow, and what it opens. */
const WIDE: Readonly<Record<string, string>> = {
  allowAnyName: "it issues certificates for any name",
  allowGlobDomains: "a pattern stands for names that nobody has declared",
  allowSubdomains: "it issues certificates for every name below",
  allowLocalhost: "it issues certificates for localhost",
  allowIpSans: "it issues certificates for any address",
  noStore: "what it issues cannot be revoked by its serial number",
};

/** Names of other kinds: `allowedDomains` says nothing of them. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  allowedUriSans: "it issues certificates for URIs, such as another workload's identity",
  allowedOtherSans: "it issues certificates for names of other kinds, such as an account to log in with",
};

export const certificateRoles: ResourceRule = {
  name: "certificate-roles",
  description:
    "A role of a PKI mount names each domain that it issues for; no any-name, pattern, subdomain, localhost, address, URI or other name, and what it issues can be revoked.",
  options: {},
  check({ type, props }) {
    if (type !== ROLE) return [];
    // Vault's own default lets a role issue for localhost.
    const values = { allowLocalhost: true, ...props };
    return [
      ...Object.entries(WIDE).flatMap(([field, consequence]) =>
        when((values as Record<string, unknown>)[field] === true, {
          found: `has ${field}: ${consequence}`,
          fix: `set ${field}: false${field.startsWith("allow") ? ", and write out each name in allowedDomains" : ""}`,
        }),
      ),
      ...Object.entries(OTHER_NAMES).flatMap(([field, consequence]) =>
        when(!isEmpty(props[field]) && props[field] !== UNKNOWN, {
          found: `has ${field}: ${consequence}`,
          fix: `remove ${field}, and write out each name in allowedDomains`,
        }),
      ),
      ...when(props.enforceHostnames === false, {
        found: "has enforceHostnames: false: it issues certificates for what is no host name",
        fix: "set enforceHostnames: true",
      }),
      ...when(isEmpty(props.allowedDomains) && props.allowedDomains !== UNKNOWN, {
        found: "has no allowedDomains",
        fix: "write out each name that it issues for",
      }),
      ...when(
        texts(props.allowedDomains).some((name) => name.includes("{{")),
        { found: "has a template in allowedDomains", fix: "write out each name" },
      ),
    ];
  },
};

export const keysStayInVault: ResourceRule = {
  name: "keys-stay-in-vault",
  description: "No private key of a CA or of a certificate stands in the state.",
  options: {},
  check({ type, props }) {
    const fix = KEY_IN_STATE[type];
    if (fix !== undefined) return [{ found: "keeps a private key in the state", fix }];
    if (!MAKES_KEY.has(type)) return [];
    return when(props.type === "exported", {
      found: "has type exported: the CA's private key is in the answer, and in the state",
      fix: "set type: internal",
    });
  },
};
