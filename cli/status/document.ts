import { z } from "zod";

/** RFC 3339. */
const time = z.iso.datetime({ offset: true });
const text = z.string().min(1);
const count = z.int().min(0);

/** Parts of what is looked at, in the order in which a person is shown them. */
export const AREAS = [
  "vault",
  "raft",
  "audit",
  "eso",
  "stores",
  "secrets",
  "rotations",
  "certificates",
  "break-glass",
  "alerts",
] as const;
export type Area = (typeof AREAS)[number];
const area = z.enum(AREAS);

const finding = z.strictObject({
  area,
  /** critical: consumers or secrets are at risk now. warning: they will be, or a spare is gone. */
  severity: z.enum(["critical", "warning"]),
  /** What it is about, e.g. `llm/openai-api-key`. */
  subject: text,
  text,
  since: time.nullable(),
  /** Commands to run next. */
  next: z.array(text),
  /** Address of the runbook's section; null where it has none. */
  runbook: text.nullable(),
});

const vaultNode = z.strictObject({
  name: text,
  address: text,
  state: z.enum(["active", "standby", "sealed", "uninitialised", "unwell", "unreachable"]),
  version: text.nullable(),
  /** Why it is unwell or unreachable. */
  why: text.nullable(),
});

const raft = z.strictObject({
  healthy: z.boolean(),
  leader: text.nullable(),
  voters: count,
  /** Voters that may still be lost before nothing can be written. */
  failureTolerance: count,
  servers: z.array(
    z.strictObject({ name: text, healthy: z.boolean(), lastContact: z.string(), lagEntries: count }),
  ),
});

const eso = z.strictObject({
  desired: count,
  available: count,
  version: text.nullable(),
  /** Since when it is as it is. */
  since: time.nullable(),
});

const store = z.strictObject({
  namespace: text,
  name: text,
  ready: z.boolean(),
  reason: text.nullable(),
  since: time.nullable(),
});

const secret = z.strictObject({
  namespace: text,
  name: text,
  store: text,
  /**
   * waiting: Vault has a newer version, which the next refresh brings. lagging: the refresh that should have brought it is
   * past. stale: nothing has been synced for longer than refreshInterval allows. failing: ESO tried in vain. pending: ESO has
   * not come to it. missing: declared, and not in the cluster.
   */
  state: z.enum(["synced", "waiting", "lagging", "stale", "failing", "pending", "missing"]),
  reason: text.nullable(),
  since: time.nullable(),
  lastSync: time.nullable(),
});

const rotation = z.strictObject({
  key: text,
  liveSince: time.nullable(),
  nextRun: time.nullable(),
  overdueSince: time.nullable(),
  /** What the last run ended with, where it failed. */
  failure: z.strictObject({ at: time.nullable(), text: z.string() }).nullable(),
});

const certificate = z.strictObject({
  namespace: text,
  name: text,
  expires: time.nullable(),
  state: z.enum(["good", "near expiry", "expired", "none"]),
});

/** A CA that certificates depend on. ending: soon there is less of it left than one of them is to live. */
const authority = z.strictObject({
  part: z.enum(["root", "intermediate"]),
  mount: text,
  issuer: text,
  expires: time,
  state: z.enum(["good", "near expiry", "ending", "expired"]),
});

const firing = z.strictObject({
  name: text,
  severity: text.nullable(),
  since: time,
  summary: text.nullable(),
  runbook: text.nullable(),
});

/**
 * What `npm run status -- --json` prints. A part that could not be seen is null, and `unseen` says why. Everything in it is
 * names, numbers and times: no value of a secret is read for it.
 */
export const statusDocument = z.strictObject({
  environment: text,
  at: time,
  tookMs: count,
  /** unseen: neither Vault nor Kubernetes answered. */
  state: z.enum(["well", "wrong", "unseen"]),
  /** The most urgent first. */
  findings: z.array(finding),
  unseen: z.array(z.strictObject({ areas: z.array(area), why: text })),
  vault: z.strictObject({ nodes: z.array(vaultNode), raft: raft.nullable() }),
  auditDevices: z.array(text).nullable(),
  eso: eso.nullable(),
  stores: z.array(store).nullable(),
  secrets: z.array(secret).nullable(),
  rotations: z.array(rotation).nullable(),
  certificates: z.array(certificate).nullable(),
  authorities: z.array(authority).nullable(),
  breakGlass: z.strictObject({ open: count }).nullable(),
  /** Null also where no Prometheus was named. `rules`: this stack's alerting rules that it has loaded. */
  alerts: z.strictObject({ askedAt: text, rules: count, firing: z.array(firing) }).nullable(),
});

type Deep<T> = T extends (infer Item)[]
  ? readonly Deep<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: Deep<T[Key]> }
    : T;

export type StatusDocument = Deep<z.output<typeof statusDocument>>;
export type Finding = StatusDocument["findings"][number];
export type VaultNode = StatusDocument["vault"]["nodes"][number];
export type Raft = NonNullable<StatusDocument["vault"]["raft"]>;
export type Eso = NonNullable<StatusDocument["eso"]>;
export type Store = NonNullable<StatusDocument["stores"]>[number];
export type Secret = NonNullable<StatusDocument["secrets"]>[number];
export type Rotation = NonNullable<StatusDocument["rotations"]>[number];
export type Certificate = NonNullable<StatusDocument["certificates"]>[number];
export type Authority = NonNullable<StatusDocument["authorities"]>[number];
export type Alerts = NonNullable<StatusDocument["alerts"]>;
