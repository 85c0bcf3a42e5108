import { type Grant, grantsOf } from "./grants.ts";
import { HclError } from "./hcl.ts";
import { parentTypes, type ResourceRule, type Violation } from "./resource.ts";

/** What ESO calls with the token of a login, besides the reads (components/vault/policies.ts grants the same two). */
const SESSION: Readonly<Record<string, string>> = {
  "auth/token/lookup-self": "read",
  "auth/token/revoke-self": "update",
};

/** What makes the policy of the exporter, which looks at metadata and at Vault itself. */
const EXPORTER = "vault-management:monitoring:Exporter";

/** What of Vault itself the exporter may look at (jobs/exporter/grants.ts grants the same). */
const LOOKING: Readonly<Record<string, string>> = {
  "auth/token/revoke-self": "update",
  // Vault asks for sudo to list audit devices.
  "sys/audit": "read,sudo",
  "sys/metrics": "read",
  "sys/storage/raft/autopilot/state": "read",
};

/** Those paths of Vault that are about Vault itself. */
const ADMINISTRATIVE = new Set(["sys", "auth", "identity"]);

/** What Vault's PKI engine serves that makes or ends CAs and certificates, or says who may have them. */
const PKI_ADMINISTRATION =
  /\/(sign|sign-verbatim|sign-intermediate|sign-self-issued|issuers?|keys?|revoke|revoke-with-key|tidy)(\/|$)/;

/** Has a role issue a certificate. */
const ISSUE = /\/issue\/[^/]+$/;

/** What makes the policies of rotators, which replace the keys that workloads read. */
const ROTATION = "vault-management:rotation:KeyRotation";

/** What Vault's database engine serves that changes connections, roles or passwords. */
const DATABASE_ADMINISTRATION = /\/(rotate-root|rotate-role|reset|reload|config|roles|static-roles)(\/|$)/;

/** Gives a role's user name and password. */
const CREDENTIALS = /\/(creds|static-creds)\/[^/]+$/;

/** What KV version 2 serves below a mount besides `data`. */
const KV_ADMINISTRATION = new Set(["metadata", "delete", "undelete", "destroy", "subkeys"]);

export const workloadPolicies: ResourceRule<{ readonly otherPolicies: readonly string[] }> = {
  name: "workload-policies",
  description:
    "A policy grants workloads `read` on exact KV paths and no more of KV, and rotators to write them; nothing of sys, identity or auth, save to look up and revoke their own token. The exporter's grants `read` on exact KV metadata and on Vault's own state, and no value.",
  options: {
    /** Names of policies, as Vault has them, that are for people or for machines other than workloads. */
    otherPolicies: { default: [], schema: { type: "array", items: { type: "string" } } },
  },
  check({ urn, type, props }, { otherPolicies }) {
    if (type !== "vault:index/policy:Policy" || typeof props.policy !== "string") return [];
    if (typeof props.name === "string" && otherPolicies.includes(props.name)) return [];
    try {
      const parents = parentTypes(urn);
      if (parents.includes(EXPORTER)) return grantsOf(props.policy).flatMap(exporterViolations);
      const kv = parents.includes(ROTATION) ? ROTATORS : WORKLOADS;
      return grantsOf(props.policy).flatMap((grant) => violationsOf(grant, kv));
    } catch (error) {
      if (!(error instanceof HclError)) throw error;
      return [
        {
          found: `has a document that cannot be judged: ${error.message}`,
          fix: 'write it as path "..." { capabilities = [...] } blocks',
        },
      ];
    }
  },
};

/** What of KV version 2 may be granted at an exact path. */
interface KvRights {
  readonly data: readonly string[];
  readonly metadata: readonly string[];
  readonly rule: string;
}

const WORKLOADS: KvRights = { data: ["read"], metadata: [], rule: "workloads only read" };

/** They report in metadata what people may know who may read no value. */
const ROTATORS: KvRights = {
  data: ["create", "read", "update"],
  metadata: ["patch"],
  rule: "rotators write versions and remove none",
};

function exporterViolations({ path, capabilities }: Grant): readonly Violation[] {
  const granted = capabilities.filter((capability) => capability !== "deny").join();
  const metadata = isExact(path) && /^[^/]+(\/[^/]+)*\/metadata\/./.test(path) && granted === "read";
  const administrative = ADMINISTRATIVE.has(path.split("/")[0] ?? "");
  if (LOOKING[path] === granted || (metadata && !administrative)) return [];
  return [
    {
      found: `grants ${granted} on "${path}" to the exporter`,
      fix: `grant read on exact <mount>/metadata/<path> alone, and what it looks at of Vault itself: ${Object.keys(LOOKING).join(", ")}`,
    },
  ];
}

function violationsOf({ path, capabilities }: Grant, kv: KvRights): readonly Violation[] {
  const granted = capabilities.filter((capability) => capability !== "deny");
  if (granted.length === 0 || (SESSION[path] !== undefined && granted.join() === SESSION[path])) return [];
  const said = `grants ${granted.join(", ")} on "${path}"`;
  if (!isExact(path)) {
    return [{ found: `${said}, which is not one exact path`, fix: "write out each path that is needed" }];
  }
  const segments = path.split("/");
  if (ADMINISTRATIVE.has(segments[0] ?? "")) {
    const allowed = Object.entries(SESSION).map(([own, capability]) => `${capability} on ${own}`);
    return [
      {
        found: said,
        fix: `remove it: of sys, identity and auth workloads get only ${allowed.join(" and ")}`,
      },
    ];
  }
  const below = segments.slice(1);
  if (below.some((segment) => KV_ADMINISTRATION.has(segment))) {
    const ownReport = below.includes("metadata") && granted.every((one) => kv.metadata.includes(one));
    if (ownReport) return [];
    return [
      { found: `${said}, which is not a secret's data`, fix: "grant read on <mount>/data/<path> instead" },
    ];
  }
  if (PKI_ADMINISTRATION.test(path) && !isKvData(below)) {
    return [{ found: `${said}, which is a CA's own`, fix: "grant update on <mount>/issue/<role> instead" }];
  }
  if (ISSUE.test(path) && !isKvData(below) && granted.join() !== "update") {
    return [{ found: said, fix: "grant update alone: that is how a role issues" }];
  }
  if (DATABASE_ADMINISTRATION.test(path) && !isKvData(below)) {
    return [
      {
        found: `${said}, which is an engine's own`,
        fix: "grant read on <mount>/static-creds/<role> instead",
      },
    ];
  }
  if (CREDENTIALS.test(path) && !isKvData(below) && granted.join() !== "read") {
    return [{ found: said, fix: "grant read alone: that is how a role gives its credentials" }];
  }
  const refused = granted.filter((capability) =>
    isKvData(below) ? !kv.data.includes(capability) : capability === "sudo",
  );
  return refused.length === 0
    ? []
    : [{ found: said, fix: `remove ${refused.join(", ")}${isKvData(below) ? `; ${kv.rule}` : ""}` }];
}

/**
 * Whether Vault grants what is written and nothing else. `*` counts at its end and a `+` for a whole segment
 * (vault/policy.go); elsewhere neither does anything, and whoever wrote it expected that it does.
 */
function isExact(path: string): boolean {
  return !/[*]|(^|\/)\+|\{\{/.test(path);
}

/** A mount may have several segments, so `data` may stand anywhere after the first; something follows it. */
function isKvData(below: readonly string[]): boolean {
  return below.slice(0, -1).includes("data");
}
