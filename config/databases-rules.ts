import { cadence, interleaving } from "./cron.ts";
import type {
  DeclaredConnection,
  DeclaredDynamicRole,
  DeclaredRole,
  DeclaredStaticRole,
} from "./databases.ts";
import { ownershipProblems } from "./databases-ownership.ts";
import { databaseSecretProblems } from "./databases-secrets.ts";
import { type Problem, pathText, show } from "./problems.ts";
import type { Declaration } from "./schema.ts";
import { durationMs } from "./values.ts";

/** A declared role with its place in the file. */
export interface NamedRole<Role extends DeclaredRole = DeclaredRole> {
  readonly connectionName: string;
  readonly connection: DeclaredConnection;
  readonly name: string;
  readonly role: Role;
  readonly path: (...fields: readonly PropertyKey[]) => string;
}

/** Rules over the fields of `databases`, and over what secrets ask of it. */
export function databaseProblems(declared: Declaration): readonly Problem[] {
  const roles = rolesOf(declared);
  return [
    ...Object.entries(declared.databases).flatMap(transport),
    ...roles.flatMap(({ role, ...rest }) =>
      role.kind === "static"
        ? staticProblems({ role, ...rest })
        : dynamicProblems({ role, ...rest }, declared),
    ),
    ...ownershipProblems(roles, declared),
    ...databaseSecretProblems(declared),
  ];
}

function rolesOf({ databases }: Declaration): readonly NamedRole[] {
  return Object.entries(databases).flatMap(([connectionName, connection]) =>
    Object.entries(connection.roles).map(([name, role]) => ({
      connectionName,
      connection,
      name,
      role,
      path: (...fields: readonly PropertyKey[]) =>
        pathText(["databases", connectionName, "roles", name, ...fields]),
    })),
  );
}

function transport([name, { host, tls, ca }]: readonly [string, DeclaredConnection]): readonly Problem[] {
  if (tls !== "disable") return [];
  const loopback = /^(127\.\d+\.\d+\.\d+|\[::1\]|localhost):/.test(host);
  return [
    ...(loopback
      ? []
      : [
          {
            path: pathText(["databases", name, "tls"]),
            found: `disable, to ${host}`,
            allowed:
              "disable to loopback alone: every password that Vault sets would cross the network in clear",
            fix: "remove it: verify-full is the default; with a CA of your own at ca",
          },
        ]),
    ...(ca === undefined
      ? []
      : [
          {
            path: pathText(["databases", name, "ca"]),
            found: "a CA, with tls: disable",
            allowed: "a CA where the server's certificate is looked at",
            fix: "remove one of the two",
          },
        ]),
  ];
}

type Static = NamedRole<DeclaredStaticRole>;

function staticProblems(one: Static): readonly Problem[] {
  const misplaced = misplacedFields(one);
  if (misplaced.length > 0) return misplaced;
  return [...silentSchedules(one), ...(one.role.accounts === "alternating" ? turns(one) : whenToChange(one))];
}

const SINGLE = ["username", "rotationPeriod", "rotationSchedule"] as const;
const ALTERNATING = ["usernames", "rotationSchedules"] as const;

/** Fields of the other kind of accounts, and those of its own that are missing. */
function misplacedFields({ role, path }: Static): readonly Problem[] {
  const alternating = role.accounts === "alternating";
  const foreign = alternating ? SINGLE : ALTERNATING;
  const needed = alternating ? ALTERNATING : (["username"] as const);
  return [
    ...foreign
      .filter((field) => role[field] !== undefined)
      .map((field) => ({
        path: path(field),
        found: `${field} with accounts: ${role.accounts}`,
        allowed: alternating
          ? "usernames and rotationSchedules, two of each"
          : "username, and rotationPeriod or rotationSchedule; two of each with accounts: alternating",
        fix: `remove it, or write accounts: ${alternating ? "single" : "alternating"}`,
      })),
    ...needed
      .filter((field) => role[field] === undefined)
      .map((field) => ({
        path: path(field),
        found: `nothing, with accounts: ${role.accounts}`,
        allowed:
          field === "rotationSchedules"
            ? "two schedules that take turns"
            : "the account as it stands in pg_roles; two with accounts: alternating",
        fix:
          field === "rotationSchedules"
            ? 'e.g. rotationSchedules: ["0 3 1 * *", "0 3 15 * *"]'
            : `write ${field}`,
      })),
  ];
}

function whenToChange({ role, path }: Static): readonly Problem[] {
  const { rotationPeriod, rotationSchedule, rotationWindow } = role;
  if ((rotationPeriod === undefined) === (rotationSchedule === undefined)) {
    return [
      {
        path: path(),
        found: `${rotationPeriod === undefined ? "neither" : "both"} rotationPeriod ${rotationPeriod === undefined ? "nor" : "and"} rotationSchedule`,
        allowed: "exactly one of the two",
        fix: "keep rotationPeriod, e.g. 24h, or rotationSchedule for a time of the day",
      },
    ];
  }
  if (rotationPeriod === undefined || rotationWindow === undefined) return [];
  return [
    {
      path: path("rotationWindow"),
      found: `${rotationWindow} with rotationPeriod`,
      allowed: "a window with rotationSchedule alone",
      fix: "remove it",
    },
  ];
}

function silentSchedules({ role, path }: Static): readonly Problem[] {
  const schedules = [
    { schedule: role.rotationSchedule, at: path("rotationSchedule") },
    ...(role.rotationSchedules ?? []).map((schedule, index) => ({
      schedule,
      at: path("rotationSchedules", index),
    })),
  ];
  return schedules
    .filter(({ schedule }) => schedule !== undefined && !cadence(schedule, "Etc/UTC").fires)
    .map(({ schedule, at }) => ({
      path: at,
      found: `${show(schedule)}, which never fires`,
      allowed: "a schedule with a next run",
      fix: "name a day that the month has",
    }));
}

/** How far apart they must be depends on who reads them: see databases-secrets.ts. */
function turns({ role, path }: Static): readonly Problem[] {
  const [first = "", second = ""] = role.rotationSchedules ?? [];
  if (interleaving(first, second, "Etc/UTC").takeTurns) return [];
  return [
    {
      path: path("rotationSchedules"),
      found: `${show(first)} and ${show(second)}, of which one fires twice in a row`,
      allowed: "two schedules that take turns: the account that was changed last is the one in use",
      fix: 'give both the same rhythm, e.g. ["0 3 1 * *", "0 3 15 * *"]',
    },
  ];
}

type Dynamic = NamedRole<DeclaredDynamicRole>;

function dynamicProblems(one: Dynamic, declared: Declaration): readonly Problem[] {
  return [...placeholders(one), ...shortMaximum(one), ...outlivedLogin(one, declared)];
}

/** With `VALID UNTIL` the database itself ends an account, also while Vault is down. */
function placeholders({ role, path }: Dynamic): readonly Problem[] {
  const sql = role.create.join(" ");
  const missing = [
    ...(/\{\{(name|username)\}\}/.test(sql) ? [] : ["{{name}}"]),
    ...(sql.includes("{{password}}") ? [] : ["{{password}}"]),
    ...(sql.includes("{{expiration}}") ? [] : ["{{expiration}}"]),
  ];
  if (missing.length === 0) return [];
  return [
    {
      path: path("create"),
      found: `statements without ${missing.join(", ")}`,
      allowed: "SQL that makes the account {{name}} with {{password}}, valid until {{expiration}}",
      fix: `e.g. CREATE ROLE "{{name}}" LOGIN PASSWORD '{{password}}' VALID UNTIL '{{expiration}}' IN ROLE orders_read`,
    },
  ];
}

function shortMaximum({ role, path }: Dynamic): readonly Problem[] {
  if (role.maxTtl === undefined || durationMs(role.maxTtl) >= durationMs(role.ttl)) return [];
  return [
    {
      path: path("maxTtl"),
      found: `${role.maxTtl}, shorter than ttl ${role.ttl}`,
      allowed: "at least ttl",
      fix: "remove it: it is the ttl by itself",
    },
  ];
}

/**
 * ESO asks with a login of its own each time and renews none; what Vault leased to a login ends with it, and the lease
 * begins after the login: of one length, it would be cut short.
 */
function outlivedLogin({ role, path }: Dynamic, { vault: { auth } }: Declaration): readonly Problem[] {
  if (durationMs(role.ttl) < durationMs(auth.tokenTtl)) return [];
  return [
    {
      path: path("ttl"),
      found: `${role.ttl}, not shorter than the login that asks for it lives: vault.auth.tokenTtl is ${auth.tokenTtl}`,
      allowed: `less than ${auth.tokenTtl}: Vault drops the account when that login's token ends`,
      fix: "shorten it; or lengthen vault.auth.tokenTtl and tokenMaxTtl, to 1h at most",
    },
  ];
}
