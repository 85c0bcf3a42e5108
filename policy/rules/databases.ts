import { holdsPassword, mayBeInClear } from "./postgresql-urls.ts";
import { isEmpty, type Properties, type ResourceRule, texts, UNKNOWN, when } from "./resource.ts";

const CONNECTION =
  /^vault:database\/(secretBackendConnection:SecretBackendConnection|secretsMount:SecretsMount)$/;
const STATIC_ROLE = "vault:database/secretBackendStaticRole:SecretBackendStaticRole";
const ROLE = "vault:database/secretBackendRole:SecretBackendRole";

/** Blocks whose `connectionUrl` is PostgreSQL's; other kinds of database say it in other words. */
const POSTGRESQL = /^(postgresql|redshift)(s\[\d+\])?\./;

/** Inputs that are credentials, also where Pulumi calls them write-only: its bridge keeps those in the state. */
const CREDENTIAL =
  /^(password(Wo)?|privateKey(Wo)?|selfManagedPassword|serviceAccountJson|secretKey|tlsCertificateKey|pemJson|pemBundle)$/;

export const databasePasswords: ResourceRule = {
  name: "database-passwords",
  description:
    "No password of a database stands in the state: Vault gets the first one from a person, and changes it.",
  options: {},
  check({ type, props }) {
    if (!CONNECTION.test(type) && type !== STATIC_ROLE) return [];
    return [
      ...inputsOf(props)
        .filter(({ name, value }) => CREDENTIAL.test(name) && !isEmpty(value))
        .map(({ path }) => ({
          found: `has ${path} (value not shown)`,
          fix: "remove it, give Vault the first password with npm run database -- init, and have this one changed",
        })),
      ...inputsOf(props)
        .filter(({ value }) => typeof value === "string" && holdsPassword(value))
        .map(({ path }) => ({
          found: `has a password in ${path} (value not shown)`,
          fix: "write {{username}}:{{password}} there, and have this one changed",
        })),
    ];
  },
};

export const databaseConnections: ResourceRule = {
  name: "database-connections",
  description: "Vault talks to a database by TLS, and each connection names the roles that may use it.",
  options: {},
  check({ type, props }) {
    if (!CONNECTION.test(type)) return [];
    return [
      ...inputsOf(props)
        .filter(
          ({ name, path, value }) =>
            name === "connectionUrl" &&
            POSTGRESQL.test(path) &&
            typeof value === "string" &&
            mayBeInClear(value),
        )
        .map(({ path }) => ({
          found: `has no sslmode, or disable, allow or prefer, in ${path}: passwords may cross the network in clear`,
          fix: "write sslmode=verify-full, and the server's CA in tlsCa",
        })),
      ...inputsOf(props)
        .filter(({ name, value }) => name === "allowedRoles" && texts(value).includes("*"))
        .map(({ path }) => ({
          found: `has "*" in ${path}: whoever may make a role uses the connection`,
          fix: "write out each role",
        })),
    ];
  },
};

export const databaseAccounts: ResourceRule = {
  name: "database-accounts",
  description: "An account that Vault makes ends by itself in the database, and with its lease in Vault.",
  options: {},
  check({ type, props }) {
    if (type !== ROLE) return [];
    const { creationStatements, maxTtl } = props;
    const sql = texts(creationStatements).join(" ");
    const known = Array.isArray(creationStatements) && !creationStatements.includes(UNKNOWN);
    return [
      ...when(known && !sql.includes("{{expiration}}"), {
        found: "has no {{expiration}} in creationStatements: while Vault is down its accounts live on",
        fix: "add VALID UNTIL '{{expiration}}'",
      }),
      ...when(isEmpty(maxTtl) || maxTtl === 0, {
        found: "has no maxTtl: its accounts may live for Vault's default, 768h",
        fix: "set maxTtl, in seconds",
      }),
    ];
  },
};

interface Input {
  readonly name: string;
  readonly path: string;
  readonly value: unknown;
}

/** Every input, those of the blocks for a kind of database included. */
function inputsOf(props: Properties, below = ""): readonly Input[] {
  return Object.entries(props).flatMap(([name, value]) => {
    const path = below === "" ? name : `${below}.${name}`;
    const blocks = Array.isArray(value)
      ? value.map((block, index) => [`${path}[${index}]`, block])
      : [[path, value]];
    const inner = blocks.flatMap(([at, block]) => (isMap(block) ? inputsOf(block, String(at)) : []));
    return [{ name, path, value }, ...inner];
  });
}

function isMap(value: unknown): value is Properties {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
