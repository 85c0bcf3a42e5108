import { deniedGroups, memoryPlace } from "../../access/operators/denial.ts";
import { capabilityProblems, type RequiredCapability } from "../../preflight/capabilities.ts";
import { npmRun } from "../command-line.ts";
import type { Freeze } from "./freeze.ts";
import { dataPath, destroyPath, metadataPath } from "./places.ts";
import type { Plan } from "./plan.ts";
import type { Scene } from "./scene.ts";

/** An id that no entity has: a policy is asked about the path, not about what is there. */
const ANY = "00000000-0000-0000-0000-000000000000";

/** All that a revocation asks of Vault. */
export function revokingRights(
  { settings }: Pick<Scene, "settings">,
  plan: Plan,
): readonly RequiredCapability[] {
  const admins = plan.provider
    ? plan.rotations.flatMap(({ admin }) => (admin === undefined ? [] : [admin]))
    : [];
  return [
    ...sharedRights({ settings }),
    { path: "auth/token/accessors", capabilities: ["list", "sudo"] },
    { path: "auth/token/lookup-accessor", capabilities: ["update"] },
    { path: "auth/token/revoke-accessor", capabilities: ["update"] },
    { path: "sys/capabilities-accessor", capabilities: ["update"] },
    { path: "identity/entity-alias", capabilities: ["update"] },
    ...plan.destroyed.flatMap((place): readonly RequiredCapability[] => [
      { path: metadataPath(place), capabilities: ["read"] },
      { path: destroyPath(place), capabilities: ["update"] },
    ]),
    ...admins.map((place): RequiredCapability => ({ path: dataPath(place), capabilities: ["read"] })),
    ...freezingRights(plan.freeze),
  ];
}

/** All that a restore asks of Vault. */
export function restoringRights({ settings }: Pick<Scene, "settings">): readonly RequiredCapability[] {
  return [
    ...sharedRights({ settings }),
    { path: `identity/entity/id/${ANY}`, capabilities: ["read", "update"] },
  ];
}

function sharedRights({ settings }: Pick<Scene, "settings">): readonly RequiredCapability[] {
  const memory = memoryPlace(settings);
  return [
    { path: dataPath(memory), capabilities: ["create", "read", "update"] },
    { path: metadataPath(memory), capabilities: ["read", "patch"] },
    ...deniedGroups(settings.environment).map(
      ({ path }): RequiredCapability => ({ path, capabilities: ["read", "update"] }),
    ),
    { path: "sys/auth", capabilities: ["read"] },
    { path: "identity/entity-alias/id", capabilities: ["list"] },
    { path: `identity/entity-alias/id/${ANY}`, capabilities: ["read"] },
  ];
}

function freezingRights(freeze: Freeze | undefined): readonly RequiredCapability[] {
  if (freeze === undefined || freeze.logins.length === 0) return [];
  return [{ path: `identity/entity/id/${ANY}`, capabilities: ["read", "update"] }];
}

/**
 * Asks Vault whether the token may do all of it, before any of it is done.
 * @param operator whose rights they are
 * @throws Error with every right that is missing
 */
export async function requireRights(
  { vault, settings, stack }: Scene,
  required: readonly RequiredCapability[],
  operator: "break-glass" | "break-glass-restore",
): Promise<void> {
  const { data } = await vault.write("sys/capabilities-self", { paths: required.map(({ path }) => path) });
  const problems = capabilityProblems(required, data ?? {});
  if (problems.length === 0) return;
  throw new Error(
    [
      `This Vault token may not do all of it; nothing was done. Log in as ${operator} of ${settings.environment} ` +
        `(docs/break-glass.md#who-may), whose policy ${npmRun(stack, "bootstrap", "apply")} brings up to date. Missing:`,
      ...problems.map(({ path, found }) => `  ${path}: ${found}`),
    ].join("\n"),
  );
}
