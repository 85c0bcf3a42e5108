import type { VaultClient } from "../../clients/vault.ts";
import type { Settings } from "../../config/schema.ts";
import { capabilityProblems, type RequiredCapability } from "../../preflight/capabilities.ts";
import { PreflightError } from "../../preflight/error.ts";
import { type Desired, desiredInVault } from "./desired.ts";
import { leftoverPlaces } from "./leftovers.ts";

/**
 * Asks Vault whether the token may do all of it, before any of it is done.
 * @param purpose `plan` only reads
 * @throws PreflightError with every right that is missing; VaultError for a token that is no good at all
 */
export async function requireVaultRights(
  client: VaultClient,
  settings: Settings,
  purpose: "plan" | "apply",
): Promise<void> {
  const required = requiredRights(settings, purpose);
  const { data } = await client.write("sys/capabilities-self", { paths: required.map(({ path }) => path) });
  const problems = capabilityProblems(required, data ?? {});
  if (problems.length > 0) throw new PreflightError(settings.environment, problems);
}

function requiredRights(settings: Settings, purpose: "plan" | "apply"): readonly RequiredCapability[] {
  const audit = { path: "sys/audit", capabilities: ["read", "sudo"] } as const;
  return [
    { path: "sys/auth", capabilities: ["read"] },
    ...leftoverPlaces(settings).map((path) => ({ path, capabilities: ["list"] as const })),
    ...(settings.vault.cluster === "managed" ? [audit] : []),
    ...desiredInVault(settings).flatMap((desired) => rightsFor(desired, purpose)),
  ];
}

function rightsFor({ kind, path }: Desired, purpose: "plan" | "apply"): readonly RequiredCapability[] {
  if (kind === "auth mount") return purpose === "plan" ? [] : [{ path, capabilities: ["update", "sudo"] }];
  const writing = kind === "role" ? (["create", "update", "delete"] as const) : (["update"] as const);
  return [{ path, capabilities: ["read", ...(purpose === "plan" ? [] : writing)] }];
}
