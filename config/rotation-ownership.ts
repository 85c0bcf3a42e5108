import { type Problem, pathText, show } from "./problems.ts";
import { placeText, RESERVED } from "./rotation.ts";
import type { NamedKey } from "./rotation-rules.ts";
import { mountOf, secretReads } from "./rotation-settings.ts";
import type { Declaration } from "./schema.ts";

/** Who writes where: each KV secret has one rotation, its admin credential stands elsewhere, and the state slots are nobody's. */
export function ownershipProblems(keys: readonly NamedKey[], declared: Declaration): readonly Problem[] {
  return [
    ...keys.flatMap((one, index) => twins(one, keys.slice(0, index), declared)),
    ...keys.flatMap((one) => rotatedAdmin(one, keys, declared)),
    ...keys.flatMap(reservedPaths),
    ...reservedReads(declared),
  ];
}

function secretOf({ key }: NamedKey, declared: Declaration): string {
  return `${mountOf(key, declared)} ${key.path}`;
}

/**
 * Also where the properties differ: KV writes and keeps versions of a secret as a whole, so of two rotations at once one
 * would be thrown back by the other's write, and each would read the other's key.
 */
function twins(one: NamedKey, before: readonly NamedKey[], declared: Declaration): readonly Problem[] {
  const twin = before.find((other) => secretOf(other, declared) === secretOf(one, declared));
  if (twin === undefined) return [];
  const same = twin.key.property === one.key.property;
  return [
    {
      path: one.path("path"),
      found: `${same ? placeText(one.key) : show(one.key.path)}, as at ${twin.path("path")}`,
      allowed: same
        ? "a place that one rotation writes"
        : "one rotation for each KV secret, whatever its properties: versions and check-and-set are the whole secret's",
      fix: same ? "remove one of the two" : "move one of the two keys to a path of its own",
    },
  ];
}

function rotatedAdmin(one: NamedKey, keys: readonly NamedKey[], declared: Declaration): readonly Problem[] {
  const { admin } = one.key;
  if (admin === undefined) return [];
  const mount = mountOf(one.key, declared);
  const rotated = keys.find((other) => secretOf(other, declared) === `${mount} ${admin.key}`);
  if (rotated === undefined) return [];
  return [
    {
      path: one.path("admin"),
      found: `${show(admin.key)}, ${rotated === one ? "the key's own path" : `which ${rotated.path()} rotates`}`,
      allowed: "a path of its own: whoever reads the key there could make keys",
      fix: "put the admin credential elsewhere, e.g. platform/openai-admin#api_key",
    },
  ];
}

function reservedPaths({ key, path }: NamedKey): readonly Problem[] {
  const places = [
    { field: "path", place: key.path },
    ...(key.admin === undefined ? [] : [{ field: "admin", place: key.admin.key }]),
  ];
  return places
    .filter(({ place }) => place.startsWith(RESERVED))
    .map(({ field, place }) => reserved(path(field), place));
}

function reservedReads(declared: Declaration): readonly Problem[] {
  return secretReads(declared)
    .filter(({ path }) => path.startsWith(RESERVED))
    .map(({ namespace, service, name, path }) =>
      reserved(pathText(["namespaces", namespace, "services", service, "secrets", name]), path),
    );
}

function reserved(path: string, found: string): Problem {
  return {
    path,
    found: show(found),
    allowed: `paths that do not begin with ${RESERVED}, where rotators keep new and previous keys`,
    fix: `move it to another path, e.g. ${found.replace(RESERVED, "")}`,
  };
}
