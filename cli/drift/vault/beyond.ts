import type { VaultClient } from "../../../clients/vault.ts";
import type { Settings } from "../../../config/schema.ts";
import { fieldsOf } from "../../../resources/values.ts";
import { leftoversIn } from "../../bootstrap/leftovers.ts";
import type { Declared, Finding, Looked, Unseen } from "../finding.ts";
import { shown } from "../shown.ts";
import { certificateRolesOf, databaseThingsOf, rolesWithOwnPolicies, type Undeclared } from "./any-name.ts";

/** Where it is looked for, and what comes of it. */
interface Search {
  readonly what: string;
  readonly find: () => Promise<readonly Finding[]>;
}

/**
 * What stands in Vault under the stack's own names, or under any in what is the stack's alone, and is declared by nothing:
 * policies, roles, mounts, connections; where the stack manages the cluster also every audit device and quota, whoever made
 * it, because those concern all.
 */
export async function beyondInVault(
  vault: VaultClient,
  settings: Settings,
  declared: readonly Declared[],
): Promise<Looked> {
  const searches: readonly Search[] = [
    {
      what: "what stands in Vault beyond the declaration",
      find: async () =>
        (await leftoversIn(vault, settings))
          .filter((path) => !path.startsWith("sys/audit/"))
          .map((path) => undeclared(`${wordOf(path)} ${path}`)),
    },
    standing("roles with the stack's policies beyond the declaration", () =>
      rolesWithOwnPolicies(vault, settings),
    ),
    standing("certificate roles beyond the declaration", () => certificateRolesOf(vault, settings)),
    standing("database connections and roles beyond the declaration", () =>
      databaseThingsOf(vault, settings),
    ),
    ...(settings.vault.cluster === "managed" ? clusterSearches(vault, declared) : []),
  ];
  const results = await Promise.all(searches.map(search));
  const findings = results.flatMap((one) => one.findings);
  return {
    seen: {},
    // What stands under the stack's name in a mount of the stack is found by both.
    findings: [...new Map(findings.map((one) => [one.what, one])).values()],
    unseen: results.flatMap(({ unseen }) => unseen),
  };
}

function standing(what: string, find: () => Promise<readonly Undeclared[]>): Search {
  return {
    what,
    find: async () => (await find()).map(({ path, fields }) => undeclared(`${wordOf(path)} ${path}`, fields)),
  };
}

function clusterSearches(vault: VaultClient, declared: readonly Declared[]): readonly Search[] {
  const named = (type: string, field: string) =>
    declared.filter((one) => one.type === type).map(({ inputs }) => String(inputs[field]));
  return [
    {
      what: "audit devices beyond the declaration",
      find: async () => {
        const known = named("vault:index/audit:Audit", "path");
        const devices = Object.entries((await vault.read("sys/audit")) ?? {});
        return devices
          .map(([path, device]) => [path.replace(/\/$/, ""), fieldsOf(device)] as const)
          .filter(([path]) => !known.includes(path))
          .map(([path, { type, options }]) =>
            undeclared(`audit device sys/audit/${path}`, [
              { field: "as", found: shown({ type, options }) ?? "" },
            ]),
          );
      },
    },
    {
      what: "quotas beyond the declaration",
      find: async () => {
        const known = named("vault:index/quotaRateLimit:QuotaRateLimit", "name");
        const names = (await vault.list("sys/quotas/rate-limit")) ?? [];
        return names
          .filter((name) => !known.includes(name))
          .map((name) => undeclared(`quota sys/quotas/rate-limit/${name}`));
      },
    },
  ];
}

async function search({
  what,
  find,
}: Search): Promise<{ readonly findings: readonly Finding[]; readonly unseen: readonly Unseen[] }> {
  try {
    return { findings: await find(), unseen: [] };
  } catch (error) {
    return { findings: [], unseen: [{ what, why: (error as Error).message, failed: true }] };
  }
}

function undeclared(what: string, fields: Finding["fields"] = []): Finding {
  return { server: "Vault", what, drift: "undeclared", fields };
}

function wordOf(path: string): string {
  if (path.startsWith("sys/policies/")) return "policy";
  if (path.startsWith("sys/mounts/")) return "mount";
  if (path.startsWith("sys/auth/")) return "auth mount";
  if (path.includes("/config/")) return "database connection";
  return "role";
}
