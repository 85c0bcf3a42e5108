import { type ResourceRule, type StackView, texts, UNKNOWN, type Violation } from "./resource.ts";

/** Resources whose inputs hold the value of a secret, and with them the state. */
const WRITES = /^vault:(kv\/secret(V2)?:Secret(V2)?|generic\/secret:Secret)$/;
const CHECKED = "vault:kv/secretV2:SecretV2";

/** Writes whatever it is given to any path: a value, or a database's password. */
const ANYWHERE = "vault:generic/endpoint:Endpoint";

const declareInstead =
  "put the value with npm run secrets -- put, or declare it with source: generated where nothing else makes it";

export const kvValues: ResourceRule = {
  name: "kv-values",
  description:
    "A value goes through a program into Vault only where it is generated: with check-and-set, never read back, and in production by name.",
  options: {},
  check({ type, props }, _config, stack) {
    if (type === ANYWHERE) {
      return [
        {
          found: "writes anything to any path of Vault, over whatever is there, and keeps it in the state",
          fix: `take the resource that is made for the path; for a value, ${declareInstead}`,
        },
      ];
    }
    if (!WRITES.test(type)) return [];
    if (type !== CHECKED) {
      return [{ found: "writes a value into Vault over whatever is there", fix: declareInstead }];
    }
    return [...unchecked(props), ...readBack(props), ...notNamed(props, stack)];
  },
};

function unchecked({ options }: Readonly<Record<string, unknown>>): readonly Violation[] {
  const named = typeof options === "object" && options !== null ? Reflect.get(options, "cas") : options;
  if (named === UNKNOWN || (typeof named === "string" && /^\d+$/.test(named))) return [];
  return [
    {
      found: "is written without check-and-set, over whatever somebody else has put there",
      fix: 'set options: { cas: "<version that it replaces>" }; the input cas has no effect',
    },
  ];
}

function readBack({ disableRead }: Readonly<Record<string, unknown>>): readonly Violation[] {
  if (disableRead === true || disableRead === UNKNOWN) return [];
  return [{ found: "is read back on each refresh, by whoever runs it", fix: "set disableRead: true" }];
}

/** Properties are not seen here: one that is named lets its path pass. The declaration is judged property by property. */
function notNamed(
  { name }: Readonly<Record<string, unknown>>,
  { name: stack, tier, generated = [] }: StackView,
): readonly Violation[] {
  if (tier !== "production" || name === UNKNOWN) return [];
  if (texts(generated).some((place) => place.split("#")[0] === name)) return [];
  return [
    {
      found: `puts a value into the state of the production stack ${stack}, which generated.production does not name`,
      fix: declareInstead.replace("where nothing else makes it", "and name it there"),
    },
  ];
}
