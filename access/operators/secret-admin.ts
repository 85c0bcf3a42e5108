import type { PolicyDocument } from "../../components/vault/policies.ts";
import type { Settings } from "../../config/schema.ts";
import { databaseCommands } from "../databases.ts";
import { memoryPlace } from "./denial.ts";
import { type Grant, policyText } from "./document.ts";
import { operatorPolicyName } from "./names.ts";
import { session } from "./session.ts";

/**
 * What `npm run secrets` needs, and no more: to put values, merged by Vault itself, and to see versions and the names of
 * properties. No value comes back, and nothing is listed. The whole mount rather than the declared paths, so that a new
 * secret needs no new policy; who writes what is in the audit log. Versions are not deleted, undeleted or destroyed: a
 * wrong value is replaced by putting the right one, and what cannot be taken back is left to break-glass.
 */
export function secretAdminPolicy({
  environment,
  vault,
  pki,
  databases,
}: Pick<Settings, "environment" | "vault" | "pki" | "databases">): PolicyDocument {
  return {
    name: operatorPolicyName(environment, "secret-admin"),
    document: policyText(`vault-management ${environment}: to put values, without reading any`, [
      ...session,
      ...Object.keys(vault.mounts).flatMap((mount): readonly Grant[] => [
        { path: `${mount}/data/*`, capabilities: ["create", "update", "patch"] },
        { path: `${mount}/metadata/*`, capabilities: ["read"] },
        { path: `${mount}/subkeys/*`, capabilities: ["read"] },
      ]),
      memoryKept({ environment, vault }),
      ...revocation(pki),
      ...databaseCommands({ databases }),
    ]),
  };
}

/** What break-glass knows of incidents is written by break-glass alone. */
function memoryKept(settings: Pick<Settings, "environment" | "vault">): Grant {
  const { mount, path } = memoryPlace(settings);
  return { path: `${mount}/data/${path}`, capabilities: ["deny"] };
}

/** A certificate whose key got out: revoke it by its serial number, and publish that at once. */
function revocation(pki: Settings["pki"]): readonly Grant[] {
  if (pki === undefined) return [];
  const { mount } = pki.intermediate;
  return [
    { path: `${mount}/revoke`, capabilities: ["update"], allowed: { serial_number: [] } },
    { path: `${mount}/crl/rotate`, capabilities: ["read"] },
  ];
}
