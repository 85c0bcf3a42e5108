import { type Problem, pathText, show } from "../config/problems.ts";
import type { Settings } from "../config/schema.ts";
import { fields } from "./fields.ts";

const FIELDS = ["audit_non_hmac_request_keys", "audit_non_hmac_response_keys"] as const;

/**
 * Mounts of this stack whose values stand in the audit log as they are. Somebody has tuned them so by hand: the program
 * never does, and Pulumi's refresh does not see it.
 * @param mounts the answer of `sys/mounts`
 * @param auths the answer of `sys/auth`
 */
export function auditKeyProblems(
  { vault }: Pick<Settings, "vault">,
  mounts: Readonly<Record<string, unknown>>,
  auths: Readonly<Record<string, unknown>>,
): readonly Problem[] {
  return [
    ...Object.keys(vault.mounts).flatMap((mount) =>
      plainKeys(mounts[`${mount}/`]).map((found) =>
        problem(["vault", "mounts", mount], found, `secrets tune`, mount),
      ),
    ),
    ...plainKeys(auths[`${vault.auth.mount}/`]).map((found) =>
      problem(["vault", "auth", "mount"], found, "auth tune", vault.auth.mount),
    ),
  ];
}

interface PlainKeys {
  readonly field: (typeof FIELDS)[number];
  readonly keys: readonly string[];
}

/** Cleared from the command line, Vault keeps a list of one empty name, which matches nothing. */
function plainKeys(mount: unknown): readonly PlainKeys[] {
  const config = fields(fields(mount).config);
  return FIELDS.flatMap((field) => {
    const value = config[field];
    const keys = Array.isArray(value) ? value.map(String).filter((key) => key !== "") : [];
    return keys.length === 0 ? [] : [{ field, keys }];
  });
}

function problem(path: readonly string[], { field, keys }: PlainKeys, tune: string, mount: string): Problem {
  return {
    path: pathText(path),
    found: `${field} ${keys.map(show).join(", ")} on the existing mount: their values are in the audit log in clear`,
    allowed: "hashes only in the audit log",
    fix: `vault ${tune} -${field.replaceAll("_", "-")}="" ${mount}/; then replace what the log may hold: npm run audit shows who wrote and read it`,
  };
}
