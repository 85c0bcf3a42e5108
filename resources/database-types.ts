import { body, fieldsOf, requiredText } from "./values.ts";
import type { VaultType } from "./vault-types.ts";

/** A connection stands in Vault in two parts when it is read, and in one when it is written. */
const connection: VaultType = {
  path: (inputs) => `${requiredText(inputs, "backend")}/config/${requiredText(inputs, "name")}`,
  declared: ({ postgresql, ...inputs }) => ({
    ...body(inputs, ["backend", "name"]),
    ...body(fieldsOf(postgresql), []),
  }),
  read: async (vault, path) => {
    const { connection_details, ...rest } = (await vault.read(path)) ?? {};
    return connection_details === undefined ? undefined : { ...rest, ...fieldsOf(connection_details) };
  },
  create: write,
  update: write,
};

/** Roles by commas, as Pulumi's provider sends them: a deployer's rights compare texts. */
function write(path: string, { allowed_roles, ...rest }: Readonly<Record<string, unknown>>) {
  const names = Array.isArray(allowed_roles) ? allowed_roles.join(",") : allowed_roles;
  return { path, body: { ...rest, allowed_roles: names } };
}

export const databaseTypes: Readonly<Record<string, readonly VaultType[]>> = {
  "vault:database/secretBackendConnection:SecretBackendConnection": [connection],
  "vault:database/secretBackendStaticRole:SecretBackendStaticRole": [roleType("static-roles")],
  "vault:database/secretBackendRole:SecretBackendRole": [roleType("roles")],
};

function roleType(kind: string): VaultType {
  const put = (path: string, declared: Readonly<Record<string, unknown>>) => ({ path, body: declared });
  return {
    path: (inputs) => `${requiredText(inputs, "backend")}/${kind}/${requiredText(inputs, "name")}`,
    declared: (inputs) => body(inputs, ["backend", "name"]),
    read: (vault, path) => vault.read(path),
    create: put,
    update: put,
  };
}
