import { z } from "zod";

/** The name of the stack output that holds the object below. */
export const OUTPUT_NAME = "vaultManagement";

/** Raised when a field changes its meaning or goes; a new field alone does not raise it. */
export const SCHEMA_VERSION = 2;

const name = z.string().min(1);

const target = z.object({
  /** The SecretStore that it is read through. */
  store: name,
  /** Name of the Kubernetes Secret. */
  target: name,
  /** Type of the Secret, e.g. `kubernetes.io/tls` of a certificate; not said where somebody else made it. */
  type: name.optional(),
  /** Keys of the Secret that the declaration names, sorted. */
  keys: z.array(z.string()),
  /** `unknown`: the Secret may hold more keys: those of a whole Vault secret (`dataFrom`), or of a Secret merged into. */
  otherKeys: z.enum(["none", "unknown"]),
});

const store = z.object({
  kind: z.literal("SecretStore"),
  /** Vault role that the store logs in as. */
  role: name,
  /** Vault policies of the role. */
  policies: z.array(name),
});

const namespace = z.object({
  /** SecretStore -> how it logs in: one, or with isolation by service one for each service. */
  stores: z.record(name, store),
  /** ExternalSecret -> what it writes. */
  secrets: z.record(name, target),
});

const rotation = z.object({
  /** Namespace of the CronJobs. */
  namespace: name,
  /** CronJob that replaces the key. */
  rotate: name,
  /** CronJob that revokes the previous one. */
  finish: name,
});

/** What a stack tells other stacks: names and places, never a value. */
export const stackOutputs = z.object({
  schemaVersion: z.literal(SCHEMA_VERSION),
  environment: name,
  vault: z.object({
    address: name,
    /** KV v2 mounts, sorted. */
    mounts: z.array(name),
    /** Path of the auth mount, without `auth/`. */
    authMount: name,
  }),
  namespaces: z.record(name, namespace),
  /** Declared key -> what rotates it. */
  rotations: z.record(name, rotation).default({}),
});

export type StackOutputs = z.output<typeof stackOutputs>;
export type NamespaceOutputs = StackOutputs["namespaces"][string];
export type SecretOutputs = NamespaceOutputs["secrets"][string];
export type StoreOutputs = NamespaceOutputs["stores"][string];
