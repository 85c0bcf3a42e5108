import { cadence } from "./cron.ts";
import { nearest, type Problem, pathText, show } from "./problems.ts";
import { BUILT_IN, type DeclaredKey, PROPAGATION_SECONDS, placeText } from "./rotation.ts";
import { ownershipProblems } from "./rotation-ownership.ts";
import { providerProblems } from "./rotation-provider-rules.ts";
import { mountOf, namePrefix, readsOfPlace, secretReads } from "./rotation-settings.ts";
import type { Declaration } from "./schema.ts";
import { durationMs, durationText } from "./values.ts";

/** A declared key with its name and its place in the file. */
export interface NamedKey {
  readonly name: string;
  readonly key: DeclaredKey;
  readonly path: (...fields: readonly PropertyKey[]) => string;
}

/** Rules over the fields of `rotation`, and over what it says of others. */
export function rotationProblems(declared: Declaration): readonly Problem[] {
  const { rotation } = declared;
  const keys = Object.entries(rotation?.keys ?? {}).map(
    ([name, key]): NamedKey => ({
      name,
      key,
      path: (...fields) => pathText(["rotation", "keys", name, ...fields]),
    }),
  );
  return [
    ...jobNamespace(declared),
    ...shadowed(declared),
    ...keys.flatMap((one) => [
      ...providerProblems(one, declared),
      ...unknownMount(one, declared),
      ...timing(one, declared),
      ...readers(one, declared),
      ...restartPlaces(one, declared),
    ]),
    ...ownershipProblems(keys, declared),
    ...sameNames(keys, declared),
  ];
}

function jobNamespace({ rotation, externalSecrets, namespaces }: Declaration): readonly Problem[] {
  if (rotation === undefined) return [];
  const { namespace } = rotation;
  const taken = Object.hasOwn(namespaces, namespace) || namespace === externalSecrets.namespace;
  if (!taken) return [];
  return [
    {
      path: "rotation.namespace",
      found: `${show(namespace)}, which ${namespace === externalSecrets.namespace ? "is the operator's" : "is declared for workloads"}`,
      allowed: "a namespace of its own: whoever may start pods there can act as the rotators",
      fix: "leave it out, or name another, e.g. vault-rotation",
    },
  ];
}

function shadowed({ rotation }: Declaration): readonly Problem[] {
  if (!Object.hasOwn(rotation?.providers ?? {}, BUILT_IN)) return [];
  return [
    {
      path: pathText(["rotation", "providers", BUILT_IN]),
      found: "the name of the provider that is built in",
      allowed: "other names",
      fix: "rename it; keys of another address take baseUrl",
    },
  ];
}

function unknownMount({ key, path }: NamedKey, declared: Declaration): readonly Problem[] {
  const mounts = Object.keys(declared.vault.mounts);
  if (mounts.includes(mountOf(key, declared))) return [];
  return [
    {
      path: path("mount"),
      found: show(key.mount),
      allowed: mounts.join(" | "),
      fix: "name one of vault.mounts",
    },
  ];
}

function timing(one: NamedKey, declared: Declaration): readonly Problem[] {
  const { key, path } = one;
  const { fires, shortestGapMs } = cadence(key.schedule, key.timeZone);
  if (!fires) {
    return [
      {
        path: path("schedule"),
        found: `${show(key.schedule)}, which never fires`,
        allowed: "a schedule with a next run",
        fix: "name a day that the month has",
      },
    ];
  }
  return [
    ...(shortestGapMs <= durationMs(key.overlap) ? [tooOften(one, shortestGapMs)] : []),
    ...shortOverlap(one, declared),
  ];
}

function tooOften({ key, path }: NamedKey, gapMs: number): Problem {
  return {
    path: path("schedule"),
    found: `${show(key.schedule)}, which fires again after ${durationText(gapMs)}, within the overlap of ${key.overlap}`,
    allowed: "runs further apart than overlap: only one previous key is kept valid at a time",
    fix: "rotate less often, or shorten overlap",
  };
}

/** Twice the slowest refresh, since one may just have begun and fail once; what ESO and kubelets take; and the restart. */
function shortOverlap({ key, path }: NamedKey, declared: Declaration): readonly Problem[] {
  const reads = readsOfPlace(declared, { ...key, mount: mountOf(key, declared) });
  const slowest = reads.toSorted((a, b) => durationMs(b.refreshInterval) - durationMs(a.refreshInterval))[0];
  if (slowest === undefined) return [];
  const leastMs =
    2 * durationMs(slowest.refreshInterval) + PROPAGATION_SECONDS * 1_000 + durationMs(key.rolloutTime);
  if (durationMs(key.overlap) >= leastMs) return [];
  return [
    {
      path: path("overlap"),
      found: show(key.overlap),
      allowed:
        `at least ${durationText(leastMs)} = 2 x ${slowest.refreshInterval} (refreshInterval of ${slowest.namespace}/${slowest.name}) ` +
        `+ ${PROPAGATION_SECONDS}s + ${key.rolloutTime} (rolloutTime)`,
      fix: `write overlap: ${durationText(leastMs)} or longer, or refresh that ExternalSecret more often`,
    },
  ];
}

/** Nobody would notice such a rotation's failure, or a path that is misspelt; and the overlap has nothing to be measured by. */
function readers({ key, path }: NamedKey, declared: Declaration): readonly Problem[] {
  const mount = mountOf(key, declared);
  const reads = readsOfPlace(declared, { ...key, mount });
  if (reads.length === 0) {
    const places = secretReads(declared)
      .filter((read) => read.mount === mount && read.property !== undefined)
      .map((read) => `${read.path}#${read.property}`);
    const near = nearest(`${key.path}#${key.property}`, [...new Set(places)]);
    return [
      {
        path: path("path"),
        found: `${placeText(key)}, which no declared secret reads`,
        allowed: "a path and property that an ExternalSecret of this stack reads",
        fix: near === undefined ? "declare the secret that reads it first" : `is it ${near}?`,
      },
    ];
  }
  return reads
    .filter(({ version }) => version !== undefined)
    .map(({ namespace, service, name, version }) => ({
      path: pathText(["namespaces", namespace, "services", service, "secrets", name]),
      found: `version ${version} of ${placeText(key)}, which ${path()} rotates`,
      allowed: "the newest version: a pinned one is revoked at the provider when the overlap ends",
      fix: "remove version",
    }));
}

function restartPlaces({ key, path }: NamedKey, declared: Declaration): readonly Problem[] {
  const reads = readsOfPlace(declared, { ...key, mount: mountOf(key, declared) });
  const namespaces = [...new Set(reads.map(({ namespace }) => namespace))];
  if (namespaces.length === 0) return [];
  return key.restart.flatMap(({ namespace }, index) =>
    namespaces.includes(namespace)
      ? []
      : [
          {
            path: path("restart", index, "namespace"),
            found: show(namespace),
            allowed: namespaces.join(" | "),
            fix: "name a namespace whose secrets read the key: others have nothing to restart for",
          },
        ],
  );
}

/** A rotator removes at the provider whatever carries its names and is neither current nor previous. */
function sameNames(keys: readonly NamedKey[], { environment }: Declaration): readonly Problem[] {
  const nameOf = ({ name, key }: NamedKey) =>
    [key.provider, key.project ?? "", namePrefix(environment, name, key)].join(" ");
  return keys.flatMap((one, index) => {
    const twin = keys.slice(0, index).find((other) => nameOf(other) === nameOf(one));
    if (twin === undefined) return [];
    return [
      {
        path: one.path("name"),
        found: `${show(namePrefix(environment, one.name, one.key))} at the provider, as for ${twin.path()}`,
        allowed:
          "names <name>-<environment>-<key> that are each one key's: the rotator sweeps what else carries its own",
        fix: "change name in one of the two",
      },
    ];
  });
}
