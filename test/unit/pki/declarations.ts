import { parseSettings } from "../../../config/parse.ts";
import type { Settings } from "../../../config/schema.ts";
import { declared, type Raw } from "../config/declarations.ts";

export const domain = "llm.voyager.internal";

export const rootCa = { commonName: "Voyager Root CA", ttl: "87600h" };
export const intermediateCa = { commonName: "Voyager Intermediate CA", ttl: "43800h" };

/** Path in problems of the one certificate that {@link withPki} declares. */
export const certificatePath = "namespaces.llm.services.llm-gateway.certificates.gateway-tls";

/** A stack's own declaration with a CA, and a certificate of the reference service. */
export function withPki(
  pki: Readonly<Record<string, unknown>> = {},
  certificate: Readonly<Record<string, unknown>> = {},
  stack: "dev" | "prod" = "dev",
): Raw {
  const raw = declared(stack);
  raw.pki = { domains: [domain], root: rootCa, intermediate: intermediateCa, ...pki };
  const namespaces = raw.namespaces as { llm: { services: { "llm-gateway": Raw } } };
  namespaces.llm.services["llm-gateway"].certificates = {
    "gateway-tls": { commonName: `gateway.${domain}`, ...certificate },
  };
  return raw;
}

/** The same, checked. */
export function pkiSettings(...args: Parameters<typeof withPki>): Settings {
  return parseSettings(withPki(...args), "Pulumi.test.yaml");
}

/** A further service of the reference namespace. */
export function withService(raw: Raw, name: string, service: unknown): Raw {
  const namespaces = raw.namespaces as { llm: { services: Raw } };
  namespaces.llm.services[name] = service;
  return raw;
}
