import type { VaultClient } from "../clients/vault.ts";
import { type GeneratedSecret, generatedSecrets } from "../config/generated-secrets.ts";
import type { Problem } from "../config/problems.ts";
import type { Settings } from "../config/schema.ts";
import { fields } from "./fields.ts";
import { readUnlessRefused } from "./read-if-allowed.ts";

/**
 * Generated secrets that somebody else has written, deleted or changed, or that their declaration has outgrown without a
 * new epoch. Check-and-set would refuse to write them too, but later, and without saying what to do.
 */
export async function generatedProblems(
  client: VaultClient,
  settings: Pick<Settings, "namespaces">,
): Promise<readonly Problem[]> {
  const problems = await Promise.all(
    generatedSecrets(settings).map(async (secret) => {
      const { mount, path } = secret;
      const [metadata, subkeys] = await Promise.all([
        readUnlessRefused(client, `${mount}/metadata/${path}`),
        readUnlessRefused(client, `${mount}/subkeys/${path}`),
      ]);
      return metadata === undefined ? undefined : generatedProblem(secret, metadata, subkeys ?? {});
    }),
  );
  return problems.filter((problem) => problem !== undefined);
}

/**
 * @param metadata what KV answers for `<mount>/metadata/<path>`; empty when there is none
 * @param subkeys the same for `<mount>/subkeys/<path>`
 */
export function generatedProblem(
  secret: GeneratedSecret,
  metadata: Readonly<Record<string, unknown>>,
  subkeys: Readonly<Record<string, unknown>>,
): Problem | undefined {
  const current = Number(metadata.current_version ?? 0);
  // It is still to be written, over exactly this version.
  if (current === secret.version - 1) return undefined;
  if (current !== secret.version) return otherVersion(secret, current, metadata);
  const { deletion_time, destroyed } = fields(fields(metadata.versions)[String(current)]);
  const deleted = typeof deletion_time === "string" && Date.parse(deletion_time) <= Date.now();
  if (deleted || destroyed === true) return deletedVersion(secret, destroyed === true);
  return "subkeys" in subkeys ? otherProperties(secret, Object.keys(fields(subkeys.subkeys))) : undefined;
}

function otherVersion(
  secret: GeneratedSecret,
  current: number,
  metadata: Readonly<Record<string, unknown>>,
): Problem {
  const { mount, path, version } = secret;
  const { created_time } = fields(fields(metadata.versions)[String(current)]);
  const written = typeof created_time === "string" ? `, written ${created_time}` : "";
  return {
    path: highest(secret),
    found:
      current === 0
        ? `nothing at ${mount}/${path} in Vault, where the epochs here ask for version ${version - 1} or ${version}`
        : `version ${current} at ${mount}/${path}${written}: somebody else wrote it (see Vault's audit log), or an epoch was left out`,
    allowed: `version ${version}, which is this one, or version ${version - 1}, which it replaces; nothing else is overwritten`,
    fix:
      current === 0
        ? "write epoch: 1 here, and 1 for the others of this path"
        : `to have a new value generated over it, write epoch: ${current + 1} here; to keep it, write ` +
          `${path}#<property> instead of source: generated, for every property of this path`,
  };
}

function deletedVersion(secret: GeneratedSecret, destroyed: boolean): Problem {
  const { mount, path, version } = secret;
  return {
    path: highest(secret),
    found: `version ${version} at ${mount}/${path}, which somebody ${destroyed ? "destroyed" : "deleted"} in Vault`,
    allowed: "a version that can be read",
    fix:
      `write epoch: ${version + 1} here for a new value` +
      (destroyed ? "" : `, or bring it back: vault kv undelete -mount=${mount} -versions=${version} ${path}`),
  };
}

function otherProperties(secret: GeneratedSecret, found: readonly string[]): Problem | undefined {
  const declared = secret.properties.map(({ property }) => property);
  const added = secret.properties.filter(({ property }) => !found.includes(property));
  const gone = found.filter((property) => !declared.includes(property));
  if (added.length === 0 && gone.length === 0) return undefined;
  const { mount, path, version } = secret;
  return {
    path: added[0] === undefined ? highest(secret) : `${added[0].declaredAt}.epoch`,
    found: `version ${version} at ${mount}/${path} with ${found.toSorted().join(", ") || "no property"}, and here ${declared.join(", ")}`,
    allowed: "the same properties, or an epoch that is higher by one: each write is a version of its own",
    fix: `write epoch: ${version + 1} here`,
  };
}

/** The epoch that the version is named after. */
function highest({ properties, version }: GeneratedSecret): string {
  const [one] = properties.filter(({ epoch }) => epoch === version);
  return `${one?.declaredAt}.epoch`;
}
