import type { DeclaredConnection, DeclaredRole } from "./databases.ts";
import type { Declaration, GeneratorSettings } from "./schema.ts";

/** A static role as Vault has it: one account. */
export interface StaticRole {
  readonly kind: "static";
  readonly name: string;
  readonly username: string;
  /** A Go duration; this or a schedule. */
  readonly rotationPeriod?: string;
  /** In UTC. */
  readonly rotationSchedule?: string;
  readonly rotationWindow?: string;
  /** Of two that take turns, the other's name. */
  readonly twin?: string;
}

/** A dynamic role as Vault has it. */
export interface DynamicRole {
  readonly kind: "dynamic";
  readonly name: string;
  readonly ttl: string;
  readonly maxTtl: string;
  readonly create: readonly string[];
  /** Empty: Vault's own. */
  readonly revoke: readonly string[];
}

export type DatabaseRole = StaticRole | DynamicRole;

export interface DatabaseConnection {
  /** In Vault. */
  readonly name: string;
  readonly mount: string;
  /** With its port. */
  readonly host: string;
  readonly database: string;
  readonly username: string;
  readonly tls: "verify-full" | "verify-ca" | "require" | "disable";
  readonly ca?: string;
  /** As Vault has them, so two for alternating accounts; sorted by name. */
  readonly roles: readonly DatabaseRole[];
}

/** How late a change may be made where two accounts take turns, if the declaration does not say; Vault's least. */
export const ALTERNATING_WINDOW = "1h";

/** Ends the names of the two roles, and of what reads them. */
const TURNS = ["a", "b"] as const;

/** The connections of a declaration that has passed its rules, sorted by name. */
export function settleDatabases({ databases }: Declaration): readonly DatabaseConnection[] {
  return byName(databases).map(([name, { roles, ca, ...connection }]) => ({
    name,
    ...connection,
    ...(ca === undefined ? {} : { ca }),
    roles: byName(roles)
      .flatMap(([role, fields]) => settleRole(role, fields))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
  }));
}

function settleRole(name: string, role: DeclaredRole): readonly DatabaseRole[] {
  if (role.kind === "dynamic") {
    const { kind, ttl, create } = role;
    return [{ kind, name, ttl, maxTtl: role.maxTtl ?? ttl, create, revoke: role.revoke ?? [] }];
  }
  const { kind, rotationPeriod, rotationSchedule, rotationWindow } = role;
  if (role.accounts === "alternating") {
    const names = vaultRoles(name, role);
    return names.map((one, index) => ({
      kind,
      name: one,
      twin: names[1 - index] ?? "",
      username: role.usernames?.[index] ?? "",
      rotationSchedule: role.rotationSchedules?.[index] ?? "",
      rotationWindow: rotationWindow ?? ALTERNATING_WINDOW,
    }));
  }
  return [
    {
      kind,
      name,
      username: role.username ?? "",
      ...(rotationPeriod === undefined ? {} : { rotationPeriod }),
      ...(rotationSchedule === undefined ? {} : { rotationSchedule }),
      ...(rotationWindow === undefined ? {} : { rotationWindow }),
    },
  ];
}

/** The names in Vault of what is declared as one role. */
export function vaultRoles(name: string, role: DeclaredRole): readonly string[] {
  if (role.kind === "dynamic" || role.accounts === "single") return [name];
  return TURNS.map((turn) => `${name}-${turn}`);
}

/** What a secret's reference to a database role makes of it. */
export interface DatabaseContent {
  readonly generators: readonly GeneratorSettings[];
  /** Template of the Secret's two keys. */
  readonly template: Readonly<Record<string, string>>;
}

export interface DatabaseReference {
  readonly connection: string;
  readonly role: string;
  readonly keys: { readonly username: string; readonly password: string };
}

/**
 * One request for user name and password, so that the two belong together. The answer also says when it was given and how
 * long it holds, which differs at each refresh: the template keeps the two alone, and the Secret changes when they do.
 * @param secret name of the ExternalSecret; begins the generators' names
 */
export function databaseContent(
  secret: string,
  { connection, role, keys }: DatabaseReference,
  databases: Readonly<Record<string, DeclaredConnection>>,
): DatabaseContent {
  const mount = databases[connection]?.mount ?? "";
  const declared = databases[connection]?.roles[role];
  const names = declared === undefined ? [] : vaultRoles(role, declared);
  const request = declared?.kind === "dynamic" ? "creds" : "static-creds";
  const pair = names.length > 1;
  return {
    generators: names.map((name, index) => ({
      name: pair ? `${secret}.${TURNS[index]}` : secret,
      mount,
      request: `${request}/${name}`,
      method: "GET",
      ...(pair ? { keyPrefix: `${TURNS[index]}_` } : {}),
    })),
    template: {
      [keys.username]: pair ? lastChanged("username") : "{{ .username }}",
      [keys.password]: pair ? lastChanged("password") : "{{ .password }}",
    },
  };
}

/**
 * Of two accounts the one whose password was changed last, which stays for longest. Vault writes the time in the zone of
 * the node that changed it, so the times are compared as such and not as texts.
 */
function lastChanged(field: "username" | "password"): string {
  const time = (turn: string) => `(toDate "2006-01-02T15:04:05Z07:00" .${turn}_last_vault_rotation)`;
  return `{{ if ${time("a")}.After ${time("b")} }}{{ .a_${field} }}{{ else }}{{ .b_${field} }}{{ end }}`;
}

function byName<T>(map: Readonly<Record<string, T>>): readonly (readonly [string, T])[] {
  return Object.entries(map).toSorted(([a], [b]) => (a < b ? -1 : 1));
}
