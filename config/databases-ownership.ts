import type { NamedRole } from "./databases-rules.ts";
import { vaultRoles } from "./databases-settings.ts";
import { type Problem, pathText, show } from "./problems.ts";
import type { Declaration } from "./schema.ts";

/** The mounts of declared connections, each once, and where the first that has it is declared. */
export function databaseMounts({
  databases,
}: Declaration): readonly { readonly mount: string; readonly path: readonly string[] }[] {
  const byMount = new Map(
    Object.entries(databases)
      .toReversed()
      .map(([name, { mount }]) => [mount, ["databases", name, "mount"]] as const),
  );
  return [...byMount].map(([mount, path]) => ({ mount, path }));
}

/** Who is who: a name below a mount has one role, and an account of a server one owner that changes its password. */
export function ownershipProblems(roles: readonly NamedRole[], declared: Declaration): readonly Problem[] {
  return [...sharedNames(roles), ...sharedAccounts(roles, declared)];
}

/** Vault keeps static and dynamic roles of all connections of a mount by name alone. */
function sharedNames(roles: readonly NamedRole[]): readonly Problem[] {
  const claims = roles.flatMap((one) =>
    vaultRoles(one.name, one.role).map((name) => ({
      at: one.path(),
      claim: `${one.connection.mount}/${name}`,
      found: `the name ${show(name)} below ${one.connection.mount}`,
    })),
  );
  return twins(claims, {
    allowed: "names that are each one role's below a mount; alternating accounts take <name>-a and <name>-b",
    fix: "rename one of the two",
  });
}

function sharedAccounts(roles: readonly NamedRole[], { databases }: Declaration): readonly Problem[] {
  const claims = [
    ...Object.entries(databases).map(([name, { host, username }]) =>
      accountClaim(pathText(["databases", name, "username"]), host, username),
    ),
    ...roles.flatMap(({ role, connection: { host }, path }) => {
      if (role.kind === "dynamic") return [];
      const single = role.username === undefined ? [] : [{ username: role.username, at: path("username") }];
      const pair = (role.usernames ?? []).map((username, index) => ({
        username,
        at: path("usernames", index),
      }));
      return [...single, ...pair].map(({ username, at }) => accountClaim(at, host, username));
    }),
  ];
  return twins(claims, {
    allowed:
      "accounts whose password one connection or one static role changes: the other would be locked out",
    fix: "name another account, or have the secret read the role that is there",
  });
}

function accountClaim(at: string, host: string, username: string): Claim {
  return { at, claim: `${host} ${username}`, found: `${show(username)} at ${host}` };
}

interface Claim {
  readonly at: string;
  readonly claim: string;
  readonly found: string;
}

function twins(claims: readonly Claim[], rule: Pick<Problem, "allowed" | "fix">): readonly Problem[] {
  return claims.flatMap(({ at, claim, found }, index) => {
    const twin = claims.slice(0, index).find((other) => other.claim === claim);
    return twin === undefined ? [] : [{ path: at, found: `${found}, as at ${twin.at}`, ...rule }];
  });
}
