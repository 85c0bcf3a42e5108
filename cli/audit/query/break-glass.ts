import type { Access } from "../../../audit/entry/access.ts";
import type { Settings } from "../../../config/schema.ts";
import { clusterConcerns, clusterTexts } from "./cluster-concerns.ts";
import type { Query } from "./query.ts";

interface Concern {
  readonly note: string;
  readonly path: RegExp;
  /** Any operation when absent. */
  readonly operations?: readonly string[];
  /** Of which every such path has one in it. */
  readonly texts: readonly string[];
}

const CHANGES = ["create", "update", "patch", "delete"];

/**
 * Requests to Vault that are no everyday work, whoever makes them. Source: Vault's HTTP API, /sys (audit, config/auditing,
 * generate-root, leases, policies, raw, rekey, rotate, seal, step-down, storage/raft), /auth/token, /identity and KV v2.
 */
const CONCERNS: readonly Concern[] = [
  { note: "root token being made", path: /^sys\/generate-root\//, texts: ["sys/generate-root"] },
  { note: "unseal or recovery keys", path: /^sys\/rekey/, texts: ["sys/rekey"] },
  { note: "tokens revoked", path: /^auth\/token\/revoke(?:$|-accessor|-orphan|\/)/, texts: ["token/revoke"] },
  {
    note: "leases revoked",
    path: /^sys\/leases\/(?:revoke|revoke-prefix|revoke-force)(?:\/|$)/,
    texts: ["sys/leases/"],
  },
  { note: "versions destroyed", path: /\/destroy\//, operations: CHANGES, texts: ["/destroy/"] },
  {
    note: "secret deleted with all versions",
    path: /\/metadata\//,
    operations: ["delete"],
    texts: ["/metadata/"],
  },
  { note: "policy changed", path: /^sys\/polic(?:y|ies\/acl)\//, operations: CHANGES, texts: ["sys/polic"] },
  {
    note: "identities changed",
    path: /^identity\/(?:entity|group)/,
    operations: CHANGES,
    texts: ["identity/entity", "identity/group"],
  },
  { note: "audit devices changed", path: /^sys\/audit\//, operations: CHANGES, texts: ["sys/audit/"] },
  {
    note: "audited headers changed",
    path: /^sys\/config\/auditing\//,
    operations: CHANGES,
    texts: ["sys/config/auditing"],
  },
  {
    note: "seal",
    path: /^sys\/(?:seal|unseal|step-down)$/,
    operations: CHANGES,
    texts: ["sys/seal", "sys/unseal", "sys/step-down"],
  },
  { note: "raw storage", path: /^sys\/raw\//, texts: ["sys/raw/"] },
  { note: "all of the storage", path: /^sys\/storage\/raft\/snapshot/, texts: ["raft/snapshot"] },
];

/** Uses of break-glass and root tokens, and requests to Vault and to the cluster that are no everyday work. */
export function breakGlassQuery({
  environment,
  externalSecrets,
}: Pick<Settings, "environment" | "externalSecrets">): Query {
  const policy = `vault-management.${environment}.break-glass`;
  return {
    noun: "request",
    clauses: [[policy, '"root"]', ...CONCERNS.flatMap(({ texts }) => texts), ...clusterTexts]],
    keep: (access) => {
      const notes =
        access.source === "vault"
          ? [...tokenNotes(access, policy), ...concerns(access)]
          : clusterConcerns(access, externalSecrets);
      return notes.length > 0 ? notes : undefined;
    },
  };
}

function tokenNotes({ who }: Access, policy: string): readonly string[] {
  const policies = who.policies ?? [];
  return [
    ...(policies.some((one) => one.startsWith(policy)) ? ["break-glass token"] : []),
    ...(policies.includes("root") ? ["root token"] : []),
  ];
}

function concerns({ path, operation }: Access): readonly string[] {
  return CONCERNS.filter(
    (concern) => concern.path.test(path) && (concern.operations?.includes(operation) ?? true),
  ).map(({ note }) => note);
}
