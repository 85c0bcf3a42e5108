import { beforeAll, expect, it } from "vitest";
import type { VaultClient } from "../../../clients/vault.ts";
import { allPaths, authMounts, logins } from "./declared.ts";
import { asLogin, nameOf, type Stacks } from "./ground.ts";
import { dataPath } from "./reading.ts";

const pathsPerRequest = 100;

/** What ESO itself calls with the token of a login. */
const session = { "auth/token/lookup-self": ["read"], "auth/token/revoke-self": ["update"] };

/** What Vault says that each login may do, at every path that this Vault has. */
export function capabilityChecks(stacks: () => Stacks): void {
  let paths: readonly string[];
  beforeAll(async () => {
    paths = await everyPath(stacks());
  });

  it("the list of paths is the server's own, and long", () => {
    expect(paths.length).toBeGreaterThan(600);
    expect(paths).toEqual(
      expect.arrayContaining([
        "sys/mounts",
        "sys/policies/acl/x",
        "kv-prod/metadata/x/",
        "identity/entity/id/x",
      ]),
    );
  });

  it.each(logins.map((login) => [nameOf(login), login] as const))(
    "%s may read what it declares, look itself up and end itself, and nothing else",
    async (_, login) => {
      const allowed = await asLogin(stacks(), login, (_client, accessor) =>
        capabilities(stacks().vault, accessor, paths),
      );
      const declared = login.reads.map((path) => [dataPath(path), ["read"]]);
      expect(allowed).toEqual({ ...Object.fromEntries(declared), ...session });
    },
  );
}

/**
 * The paths where an accessor's token may do anything, and what. A path with a slash at the end, which is how lists are
 * asked for, is told with the one without: Vault answers both by the same rule.
 */
async function capabilities(
  vault: VaultClient,
  accessor: string,
  paths: readonly string[],
): Promise<Readonly<Record<string, readonly string[]>>> {
  const allowed: Record<string, readonly string[]> = {};
  for (let begin = 0; begin < paths.length; begin += pathsPerRequest) {
    const chunk = paths.slice(begin, begin + pathsPerRequest);
    const { data = {} } = await vault.write("sys/capabilities-accessor", { accessor, paths: chunk });
    for (const path of chunk) {
      if (String(data[path]) === "deny") continue;
      const rule = path.replace(/\/$/, "");
      allowed[rule] = [...new Set([...(allowed[rule] ?? []), ...(data[path] as readonly string[])])];
    }
  }
  return allowed;
}

/**
 * Every path of the server's own OpenAPI document, which Vault generates of all that is mounted, with a name in each
 * place for one; and the paths of what the stacks have made, by every request that Vault knows for them.
 */
async function everyPath({ vault }: Stacks): Promise<readonly string[]> {
  const { body } = await vault.request("GET", "sys/internal/specs/openapi");
  const templates = Object.keys(body.paths as Readonly<Record<string, unknown>>);
  const general = templates.map((path) => path.slice(1).replace(/\{[^}]*\}|\^\.\*\$/g, "x"));
  const requests = ["data", "metadata", "delete", "undelete", "destroy", "subkeys"];
  const secrets = allPaths.flatMap((path) =>
    requests.flatMap((request) =>
      [path, `${path}/`, `${path}/x`].map((one) => one.replace("/", `/${request}/`)),
    ),
  );
  const mounts = ["kv", "kv-prod", "kv-edge"].flatMap((mount) =>
    [...requests.map((request) => `${mount}/${request}/`), `${mount}/config`].flatMap((path) => [
      path,
      path.replace(/\/$/, ""),
    ]),
  );
  const own = logins.flatMap(({ stack, role, policies }) => [
    `auth/${authMounts[stack]}/role/${role}`,
    `auth/${authMounts[stack]}/config`,
    ...policies.flatMap((policy) => [`sys/policies/acl/${policy}`, `sys/policy/${policy}`]),
  ]);
  return [
    ...new Set([
      ...general,
      ...general.map((path) => `${path}/`.replace("//", "/")),
      ...secrets,
      ...mounts,
      ...own,
    ]),
  ];
}
