import { cadence, interleaving } from "./cron.ts";
import type { DeclaredRole, DeclaredStaticRole } from "./databases.ts";
import { ALTERNATING_WINDOW, databaseContent } from "./databases-settings.ts";
import { nearest, type Problem, pathText, show } from "./problems.ts";
import { PROPAGATION_SECONDS } from "./rotation.ts";
import type { Declaration } from "./schema.ts";
import { durationMs, durationText } from "./values.ts";

type DeclaredSecret = Declaration["namespaces"][string]["services"][string]["secrets"][string];

/** A secret that reads a database role. */
interface Reader {
  readonly namespace: string;
  readonly name: string;
  readonly secret: DeclaredSecret;
  readonly reference: NonNullable<DeclaredSecret["database"]>;
  readonly path: (...fields: readonly PropertyKey[]) => string;
}

/** Rules over secrets that read database roles. */
export function databaseSecretProblems(declared: Declaration): readonly Problem[] {
  const readers = readersOf(declared);
  return [
    ...readers.flatMap((reader) => [
      ...otherContents(reader),
      ...oneKey(reader),
      ...unknownReference(reader, declared),
      ...roleProblems(reader, declared),
    ]),
    ...sameGenerators(readers, declared),
  ];
}

function readersOf({ namespaces }: Declaration): readonly Reader[] {
  return Object.entries(namespaces).flatMap(([namespace, { services }]) =>
    Object.entries(services).flatMap(([service, { secrets }]) =>
      Object.entries(secrets).flatMap(([name, secret]) => {
        const { database: reference } = secret;
        const at = ["namespaces", namespace, "services", service, "secrets", name];
        const path = (...fields: readonly PropertyKey[]) => pathText([...at, ...fields]);
        return reference === undefined ? [] : [{ namespace, name, secret, reference, path }];
      }),
    ),
  );
}

/** The answer of the database engine changes at each read: only its two values may reach the Secret. */
function otherContents({ secret, path }: Reader): readonly Problem[] {
  const others = [
    ...(Object.keys(secret.data).length > 0 ? ["data"] : []),
    ...(secret.dataFrom.length > 0 ? ["dataFrom"] : []),
  ];
  return [
    ...others.map((field) => ({
      path: path(field),
      found: `${field}, with database`,
      allowed:
        "one of the two: what is read from KV or generated, or a database role's user name and password",
      fix: "declare a secret of its own for the other",
    })),
    ...(secret.template?.mergePolicy === undefined
      ? []
      : [
          {
            path: path("template", "mergePolicy"),
            found: `${secret.template.mergePolicy}, with database`,
            allowed: "no mergePolicy: the Secret has the user name, the password and what template.data adds",
            fix: "remove it",
          },
        ]),
  ];
}

function oneKey({ reference: { keys }, path }: Reader): readonly Problem[] {
  if (keys.username !== keys.password) return [];
  return [
    {
      path: path("database", "keys"),
      found: `${show(keys.username)} for both`,
      allowed: "two different keys",
      fix: "rename one of the two",
    },
  ];
}

function roleOf({ reference }: Reader, { databases }: Declaration): DeclaredRole | undefined {
  return databases[reference.connection]?.roles[reference.role];
}

function unknownReference({ reference, path }: Reader, { databases }: Declaration): readonly Problem[] {
  const connection = databases[reference.connection];
  if (connection === undefined) {
    return [
      unknown(path("database", "connection"), reference.connection, Object.keys(databases), "databases"),
    ];
  }
  if (connection.roles[reference.role] !== undefined) return [];
  const where = pathText(["databases", reference.connection, "roles"]);
  return [unknown(path("database", "role"), reference.role, Object.keys(connection.roles), where)];
}

function unknown(path: string, found: string, known: readonly string[], where: string): Problem {
  const near = nearest(found, known);
  return {
    path,
    found: show(found),
    allowed: known.length === 0 ? `what ${where} declares, which is nothing` : known.join(" | "),
    fix: near === undefined ? `declare it under ${where}, or name one that is there` : `write ${near}`,
  };
}

function roleProblems(reader: Reader, declared: Declaration): readonly Problem[] {
  const role = roleOf(reader, declared);
  if (role === undefined) return [];
  if (role.kind === "dynamic") return early(reader, durationMs(role.ttl), `ttl ${role.ttl}`);
  if (role.accounts === "single") return singleProblems(reader, role);
  return [...ownTemplate(reader), ...hurriedTurns(reader, role)];
}

/** Whether what one refresh has read is good until the next has come through, even if that has to be tried twice. */
function early({ secret, path }: Reader, lifeMs: number, life: string, extra = { ms: 0, text: "" }) {
  const leastMs = 2 * durationMs(secret.refreshInterval) + PROPAGATION_SECONDS * 1_000 + extra.ms;
  if (!(lifeMs < leastMs)) return [];
  return [
    {
      path: path("refreshInterval"),
      found: `${secret.refreshInterval}, with ${life} of the database role`,
      allowed:
        `an interval for which 2 x refreshInterval + ${PROPAGATION_SECONDS}s${extra.text} = ${durationText(leastMs)} ` +
        `is at most ${durationText(lifeMs)}: a refresh may have to be repeated, and then to reach the pods`,
      fix: "refresh more often, or let the role's credentials live longer",
    },
  ];
}

/** The password dies at once when it is changed, so this bounds not whether but for how long consumers hold a dead one. */
function singleProblems(reader: Reader, role: DeclaredStaticRole): readonly Problem[] {
  const { rotationPeriod, rotationSchedule } = role;
  if (rotationPeriod !== undefined) {
    return early(reader, durationMs(rotationPeriod), `rotationPeriod ${rotationPeriod}`);
  }
  if (rotationSchedule === undefined) return [];
  const { shortestGapMs } = cadence(rotationSchedule, "Etc/UTC");
  return early(reader, shortestGapMs, `changes ${durationText(shortestGapMs)} apart (rotationSchedule)`);
}

/** A password that was handed out is changed two turns later; a turn may come late by its window. */
function hurriedTurns(reader: Reader, role: DeclaredStaticRole): readonly Problem[] {
  const [first, second] = role.rotationSchedules ?? [];
  if (first === undefined || second === undefined) return [];
  const { takeTurns, shortestGapMs } = interleaving(first, second, "Etc/UTC");
  if (!takeTurns) return [];
  const window = role.rotationWindow ?? ALTERNATING_WINDOW;
  return early(reader, shortestGapMs, `turns ${durationText(shortestGapMs)} apart (rotationSchedules)`, {
    ms: durationMs(window),
    text: ` + ${window} (rotationWindow)`,
  });
}

function ownTemplate({ secret, path }: Reader): readonly Problem[] {
  if (secret.template?.data === undefined) return [];
  return [
    {
      path: path("template", "data"),
      found: "a template, with alternating accounts",
      allowed:
        "the keys of user name and password alone: which of the two accounts they are changes with each turn",
      fix: "put the text together where the two are used",
    },
  ];
}

/** `orders.a` is what the first account of `orders` is read with. */
function sameGenerators(readers: readonly Reader[], { databases }: Declaration): readonly Problem[] {
  const generators = readers.flatMap((reader) =>
    databaseContent(reader.name, reader.reference, databases).generators.map(({ name }) => ({
      reader,
      name,
    })),
  );
  return generators.flatMap(({ reader, name }, index) => {
    const twin = generators
      .slice(0, index)
      .find((other) => other.reader.namespace === reader.namespace && other.name === name);
    if (twin === undefined || twin.reader.name === reader.name) return [];
    return [
      {
        path: reader.path(),
        found: `a VaultDynamicSecret ${show(name)}, as for ${twin.reader.path()}`,
        allowed: "names that also differ from <name>.a and <name>.b of a secret with alternating accounts",
        fix: "rename one of the two",
      },
    ];
  });
}
