import { z } from "zod";
import { CRON_FORM, isCron } from "./cron.ts";
import { dnsLabel, duration, mapOf, mountPath, pemCertificates, secretKey, section, text } from "./values.ts";

const LABEL = "[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?";
const HOST = new RegExp(`^((${LABEL}\\.)*${LABEL}|\\[[0-9a-f:]+\\]):\\d{1,5}$`);

const hostAndPort = text((value) => HOST.test(value) && portOf(value) >= 1 && portOf(value) <= 65_535, {
  allowed:
    "host:port in lower case, as Vault's nodes reach it: a DNS name, an IPv4 address, or an IPv6 one in [ ]",
  fix: "e.g. orders-db.internal:5432; user and password belong elsewhere",
});

function portOf(value: string): number {
  return Number(value.slice(value.lastIndexOf(":") + 1));
}

/** Of PostgreSQL; it stands in a URL. */
const databaseName = text((value) => /^[A-Za-z_][\w-]{0,62}$/.test(value), {
  allowed: "letters, digits, '_' and '-', at most 63, beginning with a letter or '_'",
  fix: "name the database itself, e.g. orders",
});

/** Of PostgreSQL; Vault puts it between double quotes in SQL. */
const account = text((value) => /^[A-Za-z_][\w.@-]{0,62}$/.test(value), {
  allowed: "letters, digits, '_', '.', '@' and '-', at most 63, beginning with a letter or '_'",
  fix: "name the account as it stands in pg_roles, e.g. orders_app",
});

const schedule = text(isCron, {
  allowed: `${CRON_FORM}; Vault reads it in UTC`,
  fix: 'e.g. "0 3 * * 6", Saturdays at three, UTC',
});

/** Whole seconds: Vault takes no fractions. */
const rotationPeriod = duration("5s");

const statements = z
  .array(text((value) => value.trim() !== "", { allowed: "a statement of SQL", fix: "remove the empty one" }))
  .min(1);

/** An account that is there already: Vault changes its password, at once when the role is made and then again and again. */
const staticRole = section({
  kind: z.literal("static"),
  /** `alternating`: two accounts in turn, so that a password which is handed out is valid until well after its successor is. @default single */
  accounts: z.enum(["single", "alternating"]).default("single"),
  /** With `accounts: single`. */
  username: account.optional(),
  /** With `accounts: alternating`: two accounts with the same rights. */
  usernames: z.array(account).length(2).optional(),
  /** Time between two changes; either this or a schedule. */
  rotationPeriod: rotationPeriod.optional(),
  /** Five cron fields, in UTC. */
  rotationSchedule: schedule.optional(),
  /** With `accounts: alternating`: one for each account, taking turns. */
  rotationSchedules: z.array(schedule).length(2).optional(),
  /**
   * How late a scheduled change may still be made; one that is missed waits for the next. At least 1h, which is Vault's.
   * @default none with accounts: single, 1h with alternating: after an outage both accounts could change at once
   */
  rotationWindow: duration("1h").optional(),
});

/** An account for each read, which Vault makes and drops again. */
const dynamicRole = section({
  kind: z.literal("dynamic"),
  /** Life of an account. Shorter than `vault.auth.tokenTtl`: it ends with the login that asked for it. */
  ttl: duration("1m"),
  /** Nothing renews an account, so there is no use in a longer one. @default the ttl */
  maxTtl: duration("1m").optional(),
  /** SQL that makes the account `{{name}}` with `{{password}}`, valid until `{{expiration}}`. */
  create: statements,
  /** SQL that takes it away. @default Vault's own: takes its rights and drops it */
  revoke: statements.optional(),
});

const role = z.discriminatedUnion("kind", [staticRole, dynamicRole], {
  error: () => "a map with kind: static or kind: dynamic",
});

const connection = section({
  /** One mount may hold several connections. @default database */
  mount: mountPath.default("database"),
  host: hostAndPort,
  database: databaseName,
  /** The account that Vault works with. Its password is Vault's alone, once `npm run database -- init` has had it changed. */
  username: account,
  /**
   * PostgreSQL's words. `verify-ca` believes a server of any name, `require` any server at all, `disable` sends in clear and is
   * taken to loopback alone. @default verify-full
   */
  tls: z.enum(["verify-full", "verify-ca", "require", "disable"]).default("verify-full"),
  /** CA that signed the server's certificate. @default those that Vault's nodes trust */
  ca: pemCertificates.optional(),
  /** Role -> what it gives; each name once below a mount. */
  roles: mapOf(dnsLabel, role).default({}),
});

/** Connection, as it is called in Vault -> what it connects to. */
export const databasesSection = mapOf(dnsLabel, connection).default({});

export type DeclaredConnection = z.output<typeof connection>;
export type DeclaredRole = DeclaredConnection["roles"][string];
export type DeclaredStaticRole = Extract<DeclaredRole, { kind: "static" }>;
export type DeclaredDynamicRole = Extract<DeclaredRole, { kind: "dynamic" }>;

/** A secret's user name and password from a database role, instead of what is read from KV. */
export const databaseReference = section({
  connection: dnsLabel,
  role: dnsLabel,
  /** What the two are called in the Secret. @default username, password */
  keys: section({
    username: secretKey.default("username"),
    password: secretKey.default("password"),
  }).default({ username: "username", password: "password" }),
});
