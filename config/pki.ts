import { z } from "zod";
import {
  dnsLabel,
  duration,
  mapOf,
  mountPath,
  objectName,
  pemCertificates,
  section,
  text,
} from "./values.ts";

const LABEL = "[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?";
const DNS_NAME = new RegExp(`^(${LABEL}\\.)*(?!\\d+$)${LABEL}$`);
const WILDCARD = new RegExp(`^\\*\\.(${LABEL}\\.)+(?!\\d+$)${LABEL}$`);

/** A DNS name of at most 253 characters, lower-case: Vault and clients compare names without case, people do not. */
const dnsName = text((value) => value.length <= 253 && DNS_NAME.test(value), {
  allowed: "a DNS name in lower case, e.g. gateway.llm.voyager.internal; no address, no wildcard",
  fix: "write the name that clients connect to",
});

const wildcardName = text(isWildcard, {
  allowed: "'*.' and a DNS name of two labels or more, in lower case",
  fix: "e.g. *.apps.voyager.internal",
});

const certificateName = text((value) => isWildcard(value) || (value.length <= 253 && DNS_NAME.test(value)), {
  allowed: "a DNS name in lower case, e.g. gateway.llm.voyager.internal; no address",
  fix: "write the name that clients connect to",
});

function isWildcard(value: string): boolean {
  return value.length <= 253 && WILDCARD.test(value);
}

/**
 * The common name of a CA, which its generation is added to: `Voyager Root CA G1`. Of two CAs with one name, clients may
 * take the cross-signed certificate for a self-signed one.
 */
const authorityName = text((value) => /^[\w .'()-]{1,58}$/.test(value), {
  allowed: "1 to 58 letters, digits, spaces and . ' ( ) -; the generation is added to it",
  fix: "e.g. Voyager Root CA",
});

/** Algorithm and size of a key, as one word. */
const key = z.enum(["ec-256", "ec-384", "ec-521", "rsa-2048", "rsa-3072", "rsa-4096"]);

/** Counts up from 1; the next one makes a new key, and the one before stays until it has ended. */
const generation = z.int().min(1).max(999).default(1);

const root = section({
  /** @default pki */
  mount: mountPath.default("pki"),
  commonName: authorityName,
  ttl: duration("1h"),
  /** @default ec-384 */
  key: key.default("ec-384"),
  /** A new one is cross-signed by the one before, so that clients trusting either verify. @default 1 */
  generation,
});

const external = section({
  /** The intermediate's certificate as the outside CA signed it, then the certificates above it, its root last. @default not signed yet */
  signed: pemCertificates.optional(),
});

const intermediate = section({
  /** @default pki-int */
  mount: mountPath.default("pki-int"),
  commonName: authorityName,
  ttl: duration("1h"),
  /** @default ec-384 */
  key: key.default("ec-384"),
  /** A new one is also signed by the one before, and signs every certificate from then on. @default 1 */
  generation,
});

/** Certificates: a CA of the stack's own, or an intermediate of an outside CA's. */
export const pkiSection = section({
  /** What certificates may name: these names, and names below them. The intermediate's certificate says so too. */
  domains: z.array(dnsName).min(1),
  /** Wildcard names that certificates may have, each as it stands in them. @default none */
  wildcards: z.array(wildcardName).default([]),
  root: root.optional(),
  external: external.optional(),
  intermediate,
});

/** A certificate that a service presents, or a client's. */
const certificate = section({
  commonName: certificateName,
  /** Further names; the common name is one by itself. @default none */
  dnsNames: z.array(certificateName).default([]),
  /** Life of each certificate; a new one is issued when a third of it is left. @default 72h */
  ttl: duration("1m").default("72h"),
  /** Name of the Kubernetes Secret. @default the certificate's name */
  target: objectName.optional(),
  /** What it may be used for. @default [server] */
  usages: z
    .array(z.enum(["server", "client"]))
    .min(1)
    .default(["server"]),
  /** @default ec-256 */
  key: key.default("ec-256"),
});

/** A service's certificates by name. */
export const certificatesSection = mapOf(dnsLabel, certificate).default({});
