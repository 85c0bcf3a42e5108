import { policyNames } from "../components/vault/policies.ts";
import { roleName } from "../components/vault/roles.ts";
import type { NamespaceSettings, SecretSettings, Settings } from "../config/schema.ts";
import { type NamespaceOutputs, SCHEMA_VERSION, type SecretOutputs, type StackOutputs } from "./schema.ts";

/** What this stack tells others, of its declaration alone: nothing in it comes from Vault. */
export function outputsOf(settings: Pick<Settings, "environment" | "vault" | "namespaces">): StackOutputs {
  const { environment, vault, namespaces } = settings;
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
  };
}

function namespaceOutputs(prefix: string, namespace: NamespaceSettings): NamespaceOutputs {
  const secrets = namespace.services.flatMap((service) => service.secrets);
  return {
    store: { name: namespace.store.name, kind: "SecretStore" },
    role: roleName(prefix, namespace),
    policies: [...policyNames(prefix, namespace)],
    secrets: Object.fromEntries(secrets.map((secret) => [secret.name, secretOutputs(secret)])),
  };
}

/** ESO writes the template's keys instead of the data's where a template has data, unless it says `Merge`. */
function secretOutputs({ target, data, dataFrom, template, creationPolicy }: SecretSettings): SecretOutputs {
  const templated = Object.keys(template?.data ?? {});
  const replaced = templated.length > 0 && template?.mergePolicy !== "Merge";
  const keys = new Set([...templated, ...(replaced ? [] : Object.keys(data))]);
  const unknown = (dataFrom.length > 0 && !replaced) || creationPolicy === "Merge";
  return { target, keys: [...keys].toSorted(), otherKeys: unknown ? "unknown" : "none" };
}
