import type { Settings } from "../../../config/schema.ts";
import { verbatim } from "../log/prefilter.ts";
import type { KvPath } from "./path.ts";
import type { Query } from "./query.ts";
import { esoNote, reaches, targetsOf } from "./targets.ts";

/** Answers to these hold the Secret: the API answers a change with the object as it is then. */
const READING_VERBS = new Set(["get", "list", "watch", "update", "patch"]);

/** Who read the KV path in Vault, and who the Kubernetes Secrets that ESO writes from it; or tried to. */
export function readsQuery(settings: Settings, { mount, key }: KvPath): Query {
  const path = `${mount}/data/${key}`;
  const targets = targetsOf(settings, { mount, key });
  return {
    noun: "read",
    clauses: [[verbatim(`${path}"`), ...(targets.length > 0 ? ['"secrets"'] : [])]],
    keep: (access) => {
      if (access.source === "vault") {
        return access.path === path && access.operation === "read" ? [] : undefined;
      }
      if (!READING_VERBS.has(access.operation) || !reaches(access, targets)) return undefined;
      return esoNote(access, settings);
    },
  };
}

/** Every read in Vault; for one value, which is what narrows it down. */
export function anyReadQuery(): Query {
  return {
    noun: "read",
    clauses: [],
    keep: ({ source, operation }) => (source === "vault" && operation === "read" ? [] : undefined),
  };
}
