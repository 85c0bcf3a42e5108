import { z } from "zod";

/**
 * What one rotation job is told, as JSON in the ConfigMap beside the program: places and names, never a value.
 * The component writes it (components/rotation), the rotator checks it once when it starts.
 */

const nonEmpty = z.string().min(1);
const kvSecret = z.strictObject({ mount: nonEmpty, path: nonEmpty });
const kvProperty = z.strictObject({ mount: nonEmpty, path: nonEmpty, property: nonEmpty });
const httpUrl = z.url({ protocol: /^https?$/ });

/** One request to a generic provider. `{{name}}`, `{{project}}`, `{{id}}` and `{{cursor}}` are filled in, URL-encoded in `url`. */
const httpCall = z.strictObject({
  method: z.enum(["GET", "POST", "PUT", "DELETE"]),
  url: nonEmpty,
  /** Sent with `{{admin}}` (the admin credential) or, for `test`, `{{key}}` filled in. */
  headers: z.record(z.string(), z.string()).default({}),
  body: z.unknown().optional(),
  /** Status codes that mean success. */
  success: z.array(z.int().min(200).max(499)).min(1),
});

/** A provider that is described rather than known: requests, and JSON pointers (RFC 6901) into the answers. */
const httpProvider = z.strictObject({
  kind: z.literal("http"),
  create: httpCall.extend({ id: nonEmpty, value: nonEmpty }),
  list: httpCall.extend({ items: z.string(), id: nonEmpty, name: nonEmpty, next: nonEmpty.optional() }),
  test: httpCall,
  revoke: httpCall,
});

const openaiProvider = z.strictObject({
  kind: z.literal("openai"),
  /** API root, e.g. `https://api.openai.com/v1`. */
  baseUrl: httpUrl,
});

/** A provider that cannot make keys: an operator puts a new one, and archives the old. `test` and `revoke` are optional there. */
const manualProvider = z.strictObject({
  kind: z.literal("manual"),
  test: httpCall.optional(),
  revoke: httpCall.optional(),
});

/** What the API server calls the kinds of workload that a rotation may restart. */
export const RESOURCES = {
  Deployment: "deployments",
  StatefulSet: "statefulsets",
  DaemonSet: "daemonsets",
} as const;

export const rotationSpec = z.strictObject({
  environment: nonEmpty,
  /** Name of the declared key. */
  key: nonEmpty,
  vault: z.strictObject({
    address: httpUrl,
    /** PEM file to trust instead of the system's. */
    caFile: nonEmpty.optional(),
    /** Path of the auth mount, without `auth/`; its method is `kubernetes` or `jwt`. */
    authMount: nonEmpty,
    role: nonEmpty,
    /** What the login's token is asked for, as for a SecretStore (see loginAudiences). */
    audiences: z.array(nonEmpty).min(1),
  }),
  /** The job's own account; its token is asked for at `serviceaccounts/<name>/token`. */
  account: z.strictObject({ namespace: nonEmpty, serviceAccount: nonEmpty }),
  /** Where consumers read the key: the first slot. Other properties of that secret stay as they are. */
  live: kvProperty,
  /** The second slot, which no consumer's policy reads: the staged key, and what is known of current and previous. */
  state: kvSecret,
  /** Credential that may create, list and revoke keys at the provider. */
  admin: kvProperty.optional(),
  provider: z.discriminatedUnion("kind", [openaiProvider, httpProvider, manualProvider]),
  /** Provider-side project or organisation. */
  project: nonEmpty.optional(),
  /** Begins the provider-side name of every key of this rotation: `<namePrefix>-<generation>`; nothing else may use it. */
  namePrefix: nonEmpty,
  /** How long the previous key stays valid after its successor was promoted. */
  overlapSeconds: z.int().min(1),
  /** ExternalSecrets that read the live path: nudged after promotion; the previous key stays until each has synced. */
  consumers: z.array(z.strictObject({ namespace: nonEmpty, externalSecret: nonEmpty })),
  /** Workloads that read their Secret only at start: restarted once their Secret has the new key. */
  restarts: z.array(
    z.strictObject({
      namespace: nonEmpty,
      kind: z.enum(["Deployment", "StatefulSet", "DaemonSet"]),
      name: nonEmpty,
    }),
  ),
  /** Seconds of patience; see {@link limitsOf} for the defaults. */
  limits: z
    .strictObject({
      request: z.number().positive(),
      retry: z.number().positive(),
      test: z.number().positive(),
      sync: z.number().positive(),
    })
    .partial()
    .optional(),
});

export type RotationSpec = z.output<typeof rotationSpec>;
export type ProviderSpec = RotationSpec["provider"];
export type HttpCall = z.output<typeof httpCall>;

export interface Limits {
  /** For one request. @default 15 */
  readonly request: number;
  /** For a server that is down, busy or failing, before the run gives up. @default 30 */
  readonly retry: number;
  /** For a new key to be known everywhere at its provider. @default 60 */
  readonly test: number;
  /** For all consumers to sync the promoted key. @default 300 */
  readonly sync: number;
}

export function limitsOf({ limits = {} }: RotationSpec): Limits {
  const { request = 15, retry = 30, test = 60, sync = 300 } = limits;
  return { request, retry, test, sync };
}
