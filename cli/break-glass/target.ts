import { type AccessMatrix, accessMatrix, isKv, type SecretPath } from "../../access/matrix.ts";
import { nearest } from "../../config/problems.ts";
import type { KvPlace } from "../../config/rotation-settings.ts";
import type { Settings } from "../../config/schema.ts";

/** The one path that an incident is about. */
export interface Target {
  /** As people name it and as it is typed to confirm: below the mount, e.g. `llm/openai`. */
  readonly name: string;
  /** What Vault is asked for, and what is denied: `kv/data/llm/openai`, or an engine's request. */
  readonly apiPath: string;
  /** Where its versions are; absent for an engine's request, which keeps none. */
  readonly kv?: KvPlace;
}

/**
 * The declared path that an operator named: below its mount, with it, or as Vault's API has it.
 * @throws Error that suggests the nearest one and lists them all
 */
export function findTarget(settings: Settings, named: string, stack: string): Target {
  const all = targetsOf(settings);
  const text = named.replace(/^\/+|\/+$/g, "");
  const found = all.filter((target) => namesOf(target).includes(text));
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  if (found.length > 1) {
    throw new Error(
      `${text} is declared in several mounts: ${found.map(({ apiPath }) => apiPath).join(", ")}. Name it so; nothing was done.`,
    );
  }
  const near = nearest(text, all.flatMap(namesOf));
  throw new Error(
    `${text} is not declared in Pulumi.${stack}.yaml, so no login of this stack reads it and break-glass has no right to ` +
      `it.${near === undefined ? "" : ` Is it ${near}?`}\nDeclared: ${all.map(({ name }) => name).join(", ") || "nothing"}\n` +
      "Nothing was done. Of a path that nobody reads, a person with rights to it destroys the versions: vault kv metadata delete.",
  );
}

/** All that may be revoked: what logins read, and the credentials that rotators make keys with. */
export function targetsOf(settings: Settings): readonly Target[] {
  const read = accessMatrix(settings).paths.map(targetOf);
  const admins = (settings.rotation?.keys ?? []).flatMap(({ admin }) =>
    admin === undefined ? [] : [kvTarget({ mount: admin.mount, path: admin.path })],
  );
  const byPath = new Map([...read, ...admins].map((target) => [target.apiPath, target]));
  return [...byPath.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** Whether what was typed to confirm is this path. */
export function isNamed(target: Target, typed: string): boolean {
  return namesOf(target).includes(typed.trim());
}

export function kvTarget({ mount, path }: KvPlace): Target {
  return { name: path, apiPath: `${mount}/data/${path}`, kv: { mount, path } };
}

function targetOf(path: SecretPath): Target {
  const { mount, key } = path;
  return isKv(path) ? kvTarget({ mount, path: key }) : { name: path.path, apiPath: path.path };
}

function namesOf({ name, apiPath, kv }: Target): readonly string[] {
  return kv === undefined ? [apiPath] : [name, `${kv.mount}/${kv.path}`, apiPath];
}

/** Logins and rotators that may ask for any of these paths. */
export function readersIn(matrix: AccessMatrix, apiPaths: readonly string[]): readonly Reader[] {
  const logins = matrix.logins.flatMap(({ namespace, serviceAccount, role, reads }): readonly Reader[] => {
    const through = reads.filter(({ path }) => apiPaths.includes(path));
    if (through.length === 0) return [];
    const services = [...new Set(through.flatMap(({ declaredBy }) => declaredBy))].toSorted();
    return [{ kind: "login", namespace, serviceAccount, role, services }];
  });
  const rotators = matrix.rotators
    .filter(({ grants }) => grants.some(({ path }) => apiPaths.includes(path)))
    .map(({ namespace, serviceAccount, role, key }): Reader => {
      return { kind: "rotator", namespace, serviceAccount, role, services: [`rotation of ${key}`] };
    });
  return [...logins, ...rotators];
}

/** Somebody whom Vault lets in, and who may ask for a denied path. */
export interface Reader {
  readonly kind: "login" | "rotator";
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly role: string;
  /** Services that declare it, or the rotation that writes it. */
  readonly services: readonly string[];
}
