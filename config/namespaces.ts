import { z } from "zod";
import { databaseReference } from "./databases.ts";
import { dataEntry } from "./generated.ts";
import { certificatesSection } from "./pki.ts";
import { remoteKey } from "./remote-ref.ts";
import { dnsLabel, duration, mapOf, mountPath, objectName, secretKey, section, text } from "./values.ts";

const secretType = text((value) => value !== "" && value !== "kubernetes.io/service-account-token", {
  allowed: "any Secret type but kubernetes.io/service-account-token",
  fix: "a Secret of that type would be a credential of the cluster itself; use Opaque, kubernetes.io/tls, ...",
});

const templateText = text((value) => !/getSecretKey|getSecretsAsMap/.test(value), {
  allowed: "a Go template of the declared data",
  fix: "remove getSecretKey: it reads other Secrets with the operator's rights; declare the value under data",
});

/** ESO renders their values as it renders data. */
const labels = z.record(z.string(), templateText);

/** ESO's template: the shape of the Secret that is written. */
const template = section({
  data: mapOf(secretKey, templateText).optional(),
  metadata: section({ labels: labels.optional(), annotations: labels.optional() }).optional(),
  mergePolicy: z.enum(["Replace", "Merge"]).optional(),
});

const secret = section({
  /** Name of the Kubernetes Secret. @default the name of the ExternalSecret */
  target: objectName.optional(),
  /** How often ESO reads Vault again. A shorter one is fresher and costs a login and a read each time. @default 1h */
  refreshInterval: duration("10s").default("1h"),
  /** Key of the Secret -> where its value stands: `llm/openai#api_key` or the long form, which may also have it generated. */
  data: mapOf(secretKey, dataEntry).default({}),
  /** Whole secrets, every property one key: one read instead of one for each key. */
  dataFrom: z
    .array(section({ extract: section({ key: remoteKey, version: z.int().min(1).optional() }) }))
    .default([]),
  /** Instead of data: the user name and password of a database role. */
  database: databaseReference.optional(),
  template: template.optional(),
  /** @default Opaque */
  type: secretType.default("Opaque"),
  /** ESO's words. `Merge` adds keys to a Secret that somebody else made. @default Owner */
  creationPolicy: z.enum(["Owner", "Orphan", "Merge"]).optional(),
  /** What ESO does when the secret is gone from Vault. @default Retain, ESO's own */
  deletionPolicy: z.enum(["Delete", "Merge", "Retain"]).default("Retain"),
  /** What becomes of the Kubernetes Secret when this declaration is removed. @default delete */
  onRemoval: z.enum(["delete", "retain"]).optional(),
});

const service = section({
  secrets: mapOf(objectName, secret).default({}),
  certificates: certificatesSection,
});

const namespace = section({
  /** Whether this stack makes the namespace. @default true in development, false in production */
  create: z.boolean().optional(),
  /**
   * `namespace`: one store, whose service account may read what any service of the namespace declares. `service`: a store,
   * service account and role for each service, named after it, so that a service's login reads that service's paths alone.
   * @default namespace
   */
  isolation: z.enum(["namespace", "service"]).default("namespace"),
  /** Declares the store although no secret is declared, or changes its defaults. */
  store: section({
    /** @default vault-store */
    name: objectName.default("vault-store"),
    /** Which of `vault.mounts` it reads. @default the only one */
    mount: mountPath.optional(),
    /** Service account that logs in to Vault. @default vault-store */
    serviceAccount: objectName.default("vault-store"),
  }).optional(),
  services: mapOf(dnsLabel, service).default({}),
});

/** Namespace -> store and services; service -> secrets. */
export const namespacesSection = mapOf(dnsLabel, namespace);
