import { policyNames } from "../components/vault/policies.ts";
import { roleName } from "../components/vault/roles.ts";
import { JOBS } from "../config/rotation.ts";
import type { NamespaceSettings, SecretSettings, Settings, StoreSettings } from "../config/schema.ts";
import {
  type NamespaceOutputs,
  SCHEMA_VERSION,
  type SecretOutputs,
  type StackOutputs,
  type StoreOutputs,
} from "./schema.ts";

/** What this stack tells others, of its declaration alone: nothing in it comes from Vault. */
export function outputsOf(
  settings: Pick<Settings, "environment" | "vault" | "namespaces" | "rotation">,
): StackOutputs {
  const { environment, vault, namespaces, rotation } = settings;
  return {
    schemaVersion: SCHEMA_VERSION,
    environment,
    vault: {
      address: vault.address,
      mounts: Object.keys(vault.mounts).toSorted(),
      authMount: vault.auth.mount,
    },
    namespaces: Object.fromEntries(
      namespaces.map((namespace) => [namespace.name, namespaceOutputs(vault.auth.rolePrefix, namespace)]),
    ),
    rotations: Object.fromEntries(
      (rotation?.keys ?? []).map(({ name }) => [
        name,
        {
          namespace: rotation?.namespace ?? "",
          rotate: `${JOBS.rotate}${name}`,
          finish: `${JOBS.finish}${name}`,
        },
      ]),
    ),
  };
}

function namespaceOutputs(prefix: string, namespace: NamespaceSettings): NamespaceOutputs {
  const secrets = namespace.stores.flatMap(({ name, services }) =>
    services.flatMap((service) => service.secrets.map((secret) => ({ store: name, secret }))),
  );
  return {
    stores: Object.fromEntries(
      namespace.stores.map((store) => [store.name, storeOutputs(prefix, namespace, store)]),
    ),
    secrets: Object.fromEntries(
      secrets.map(({ store, secret }) => [secret.name, { store, ...secretKeys(secret) }]),
    ),
  };
}

function storeOutputs(prefix: string, namespace: NamespaceSettings, store: StoreSettings): StoreOutputs {
  return {
    kind: "SecretStore",
    role: roleName(prefix, namespace, store),
    policies: [...policyNames(prefix, namespace, store)],
  };
}

/** ESO writes the template's keys instead of the data's where a template has data, unless it says `Merge`. */
function secretKeys({
  target,
  type,
  data,
  dataFrom,
  generators,
  template,
  creationPolicy,
}: SecretSettings): Omit<SecretOutputs, "store"> {
  const templated = Object.keys(template?.data ?? {});
  const replaced = templated.length > 0 && template?.mergePolicy !== "Merge";
  const keys = new Set([...templated, ...(replaced ? [] : Object.keys(data))]);
  const foreign = creationPolicy === "Merge";
  const unknown = (dataFrom.length + generators.length > 0 && !replaced) || foreign;
  return {
    target,
    ...(foreign ? {} : { type }),
    keys: [...keys].toSorted(),
    otherKeys: unknown ? "unknown" : "none",
  };
}
