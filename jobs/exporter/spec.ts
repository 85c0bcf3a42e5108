import { z } from "zod";

/**
 * What the exporter is told, as JSON in the ConfigMap beside the program: names, places and schedules, never a value. The
 * component writes it (components/monitoring), the exporter checks it once when it starts.
 */

const nonEmpty = z.string().min(1);
const httpUrl = z.url({ protocol: /^https?$/ });
const kvPath = z.strictObject({ mount: nonEmpty, path: nonEmpty });

export const exporterSpec = z.strictObject({
  environment: nonEmpty,
  vault: z.strictObject({
    address: httpUrl,
    /** Path of the auth mount, without `auth/`; its method is `kubernetes` or `jwt`. */
    authMount: nonEmpty,
    role: nonEmpty,
    /** What the login's token is asked for, as for a SecretStore (see loginAudiences). */
    audiences: z.array(nonEmpty).min(1),
    /** Name -> address of each node, past any load balancer. Without any, `address` stands for all. */
    nodes: z.record(nonEmpty, httpUrl),
  }),
  /** The exporter's own account; its token is asked for at `serviceaccounts/<name>/token`. */
  account: z.strictObject({ namespace: nonEmpty, serviceAccount: nonEmpty }),
  intervalSeconds: z.number().positive(),
  stores: z.array(z.strictObject({ namespace: nonEmpty, store: nonEmpty })),
  /** See freshness/declared.ts. */
  secrets: z.array(
    z.strictObject({
      namespace: nonEmpty,
      store: nonEmpty,
      externalSecret: nonEmpty,
      refreshIntervalSeconds: z.number(),
      paths: z.array(kvPath),
      certificateTtlSeconds: z.number().positive().optional(),
    }),
  ),
  rotations: z.array(
    z.strictObject({
      key: nonEmpty,
      /** Where consumers read the key, and where its rotation keeps its state. */
      live: kvPath,
      state: kvPath,
      /** As the CronJob has it. */
      schedule: nonEmpty,
      timeZone: nonEmpty,
      namespace: nonEmpty,
      cronJob: nonEmpty,
    }),
  ),
  /** Issuers that certificates depend on, see freshness/authorities.ts. */
  authorities: z.array(z.strictObject({ mount: nonEmpty, issuer: nonEmpty })),
  /** The break-glass commands' own memory, whose metadata says how many incidents are open. */
  memory: kvPath,
});

export type ExporterSpec = z.output<typeof exporterSpec>;
export type KvPath = z.output<typeof kvPath>;

/** Every KV path whose metadata is looked at, each once, sorted. */
export function metadataPaths({ secrets, rotations }: ExporterSpec): readonly KvPath[] {
  const all = [
    ...secrets.flatMap(({ paths }) => paths),
    ...rotations.flatMap(({ live, state }) => [live, state]),
  ];
  return [...new Map(all.map((one) => [metadataPath(one), one])).entries()]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([, one]) => one);
}

/** The request for an issuer's certificate, without `/v1/`; anybody may make it. */
export function issuerPath({ mount, issuer }: ExporterSpec["authorities"][number]): string {
  return `${mount}/issuer/${issuer}/json`;
}

/** The request for a path's metadata, without `/v1/`. */
export function metadataPath({ mount, path }: KvPath): string {
  return `${mount}/metadata/${path}`;
}
