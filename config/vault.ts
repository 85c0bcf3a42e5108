import { z } from "zod";
import {
  cidr,
  dnsLabel,
  duration,
  mapOf,
  mountPath,
  pemCertificates,
  section,
  serverUrl,
  text,
} from "./values.ts";

const positive = z.int().min(1);

/** A KV version 2 mount. */
const kvMount = section({
  /** Versions kept of each secret. @default 10, Vault's own */
  maxVersions: positive.max(1_000).default(10),
  /** Refuse a write that does not name the version it replaces: two writers can then not lose each other's value. @default true */
  casRequired: z.boolean().default(true),
  /** Age at which a version is deleted; `0s` keeps it until maxVersions pushes it out. @default 0s */
  deleteVersionAfter: duration().default("0s"),
});

/** How the workloads of the cluster log in. */
const auth = section({
  /** `kubernetes`: Vault asks the cluster (TokenReview). `jwt`: Vault checks the signature itself; revoked tokens live until they expire. */
  method: z.enum(["kubernetes", "jwt"]).default("kubernetes"),
  /** @default kubernetes */
  mount: mountPath.default("kubernetes"),
  /** Begins the name of every role and policy of this stack. Changing it replaces them all. */
  rolePrefix: dnsLabel,
  /** What a workload's token must be issued for. @default vault */
  audience: text((value) => /^\S+$/.test(value), {
    allowed: "a text without spaces",
    fix: "use the audience that the roles bind, e.g. vault",
  }).default("vault"),
  /** Life of a login's token. ESO logs in anew at each refresh. @default 10m */
  tokenTtl: duration("10s").default("10m"),
  /** @default 30m */
  tokenMaxTtl: duration("10s").default("30m"),
});

/** One audit device; `file` is the type every Vault has, `filePath` a file on each node, or stdout. */
const auditDevice = section({
  type: z.enum(["file"]).default("file"),
  // Vault compares paths as texts: two spellings of one file would pass for two devices.
  filePath: text(
    (value) => value === "stdout" || /^(\/(?!\.{0,2}(\/|$))[^\s*/]+( [^\s*/]+)*)+$/.test(value),
    {
      allowed: "an absolute path on the Vault nodes without '.', '..' or empty segments, or stdout",
      fix: "e.g. /var/log/vault/audit.log",
    },
  ),
});

const quota = section({
  /** Requests per second and node. */
  rate: z.number().positive(),
  /** Mount the quota holds for; the whole cluster when absent. */
  path: mountPath.optional(),
  /** @default 1s */
  interval: duration("1s").default("1s"),
});

/** Raft autopilot; the defaults are those of Vault's `sys/storage/raft/autopilot/configuration`. */
const autopilot = section({
  cleanupDeadServers: z.boolean().default(false),
  deadServerLastContactThreshold: duration("1m").default("24h"),
  lastContactThreshold: duration("1s").default("10s"),
  serverStabilizationTime: duration("1s").default("10s"),
  /** Fewest voters kept when dead servers are cleaned up; needed (3 or more) when they are. */
  minQuorum: z.int().min(3).optional(),
});

/** The external Vault cluster, and what of it this stack owns. */
export const vaultSection = section({
  /** Load-balanced address of the cluster, for the program and for ESO alike. */
  address: serverUrl,
  /** CA to trust instead of the system's. */
  caCertificate: pemCertificates.optional(),
  /** Addresses of the nodes themselves, for checks that a load balancer hides. @default none */
  nodes: z.array(serverUrl).default([]),
  /** `managed`: this stack owns the cluster-wide settings (audit, autopilot, quotas). `shared`: another one does. */
  cluster: z.enum(["managed", "shared"]),
  mounts: mapOf(mountPath, kvMount),
  auth,
  autopilot: autopilot.optional(),
  auditDevices: mapOf(mountPath, auditDevice).default({}),
  quotas: mapOf(dnsLabel, quota).default({}),
  /** Networks that logins and tokens of this cluster come from; anywhere when empty. @default [] */
  egressCidrs: z.array(cidr).default([]),
});
