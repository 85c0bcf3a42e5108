import { mountDescription, ownerOf } from "../components/vault/ownership.ts";
import { type Problem, pathText, show } from "../config/problems.ts";
import type { Settings } from "../config/schema.ts";
import { fields } from "./fields.ts";

/** A mount as `sys/mounts` and `sys/auth` list it, under its path with a slash at the end. */
interface ListedMount {
  readonly path: string;
  readonly type: string;
  readonly description: string;
  readonly version: string;
}

type MountSettings = Pick<Settings, "environment" | "vault">;

/** KV mounts that are taken already, by another stack or by somebody else, or that are no KV version 2. */
export function kvMountProblems(
  { environment, vault }: MountSettings,
  listed: Readonly<Record<string, unknown>>,
): readonly Problem[] {
  const existing = mountsIn(listed);
  return Object.keys(vault.mounts).flatMap((mount) => {
    const path = pathText(["vault", "mounts", mount]);
    return existing.flatMap((other) => {
      if (other.path !== mount) return overlap(path, mount, other);
      if (other.type !== "kv" || other.version !== "2") return [noKvVersion2(path, other)];
      return collision(path, environment, other, {
        tune: `vault secrets tune -description="${mountDescription(environment)}" ${mount}/`,
        resource: `vault:index/mount:Mount ${mount}`,
      });
    });
  });
}

/** The mount of a secrets engine that is declared at `path`: taken already by somebody else, or of another type. */
export function engineMountProblems(
  { environment }: Pick<Settings, "environment">,
  type: string,
  path: readonly string[],
  mount: string,
  listed: Readonly<Record<string, unknown>>,
): readonly Problem[] {
  return mountsIn(listed).flatMap((other) => {
    if (other.path !== mount) return overlap(pathText(path), mount, other);
    if (other.type !== type) return [otherEngine(pathText(path), type, other)];
    return collision(pathText(path), environment, other, {
      tune: `vault secrets tune -description="${mountDescription(environment)}" ${mount}/`,
      resource: `vault:index/mount:Mount ${mount}`,
    });
  });
}

/** The auth mount, taken already by another stack or by somebody else, or of another method. */
export function authMountProblems(
  { environment, vault: { auth } }: MountSettings,
  listed: Readonly<Record<string, unknown>>,
): readonly Problem[] {
  const type =
    auth.method === "kubernetes"
      ? "vault:index/authBackend:AuthBackend"
      : "vault:jwt/authBackend:AuthBackend";
  return mountsIn(listed).flatMap((other) => {
    if (other.path !== auth.mount) return overlap("vault.auth.mount", auth.mount, other);
    if (other.type !== auth.method) return [otherMethod(auth.method, other)];
    return collision("vault.auth.mount", environment, other, {
      tune: `vault auth tune -description="${mountDescription(environment)}" ${auth.mount}/`,
      resource: `${type} ${auth.mount}`,
    });
  });
}

interface Adoption {
  readonly tune: string;
  readonly resource: string;
}

/** Nothing when the mount is this stack's own. */
function collision(
  path: string,
  environment: string,
  other: ListedMount,
  adoption: Adoption,
): readonly Problem[] {
  const owner = ownerOf(other.description);
  if (owner === environment) return [];
  if (owner !== undefined) {
    return [
      {
        path,
        found: `${show(other.path)}, which belongs to the stack of environment ${owner} on this Vault`,
        allowed: "a mount that no other stack has",
        fix: "choose another name here",
      },
    ];
  }
  return [
    {
      path,
      found: `${show(other.path)}, which exists already and was not made by this program (its description: ${show(other.description)})`,
      allowed: `a mount that does not exist yet, or one described as ${show(mountDescription(environment))}`,
      fix:
        `choose another name here, or adopt it: 1. ${adoption.tune}  2. pulumi preview --import-file adopt.json  ` +
        `3. keep in that file ${adoption.resource} with id ${show(other.path)} and the components and provider it names  ` +
        "4. pulumi import --file adopt.json",
    },
  ];
}

/** Vault refuses a mount below or above another one. */
function overlap(path: string, mount: string, other: ListedMount): readonly Problem[] {
  if (!`${mount}/`.startsWith(`${other.path}/`) && !`${other.path}/`.startsWith(`${mount}/`)) return [];
  return [
    {
      path,
      found: `${show(mount)}, which overlaps the existing mount ${show(other.path)}`,
      allowed: "a path of which no other mount is a part",
      fix: "choose another name here",
    },
  ];
}

function noKvVersion2(path: string, other: ListedMount): Problem {
  const version1 = other.type === "kv" && other.version !== "2";
  return {
    path,
    found: version1
      ? `${show(other.path)}, a KV mount of version 1`
      : `${show(other.path)}, a mount of type ${other.type}`,
    allowed: "a KV mount of version 2, or a mount that does not exist yet",
    fix: version1
      ? `choose another name here, or upgrade the mount: vault kv enable-versioning ${other.path}/`
      : "choose another name here",
  };
}

function otherEngine(path: string, type: string, other: ListedMount): Problem {
  return {
    path,
    found: `${show(other.path)}, a mount of type ${other.type}`,
    allowed: `a mount of type ${type}, or one that does not exist yet`,
    fix: "choose another name here: a mount cannot change its type",
  };
}

function otherMethod(method: string, other: ListedMount): Problem {
  return {
    path: "vault.auth.mount",
    found: `${show(other.path)}, an auth mount of type ${other.type}`,
    allowed: `an auth mount of type ${method}, or one that does not exist yet`,
    fix: "choose another mount here: a mount cannot change its method",
  };
}

function mountsIn(listed: Readonly<Record<string, unknown>>): readonly ListedMount[] {
  return Object.entries(listed)
    .filter(([path]) => path.endsWith("/"))
    .map(([path, value]) => {
      const { type, description, options } = fields(value);
      const { version } = fields(options);
      return {
        path: path.replace(/\/$/, ""),
        type: String(type ?? ""),
        description: String(description ?? ""),
        version: String(version ?? "1"),
      };
    });
}
