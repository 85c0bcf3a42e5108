import type { VaultClient } from "../../clients/vault.ts";
import type { Settings } from "../../config/schema.ts";
import { differingFields } from "./compare.ts";
import type { Desired, Fields } from "./desired.ts";
import { type BootstrapChange, foundAt, mountOf, planVault, type VaultStep } from "./plan.ts";
import { requireVaultRights } from "./rights.ts";

export { applyKubernetes } from "./cluster.ts";

export interface ApplyVaultOptions {
  /** The OIDC client's secret. Vault keeps the one it has where nothing else of that configuration changes. */
  readonly clientSecret?: string;
  /** Told of each thing as it is done. */
  readonly report?: (change: BootstrapChange) => void;
}

/**
 * Sets up the operators' policies, auth mounts and roles as declared; what is so already is left alone, and roles of
 * operators who are declared no more are removed. The token's rights are asked for before the first change. Everything
 * written is read back, since Vault ignores fields that it does not know.
 * @returns what was done, `keep` included
 * @throws PreflightError when a right is missing; Error when Vault did not take a field, or a client secret is needed
 */
export async function applyVault(
  client: VaultClient,
  settings: Settings,
  { clientSecret, report = () => {} }: ApplyVaultOptions = {},
): Promise<readonly BootstrapChange[]> {
  await requireVaultRights(client, settings, "apply");
  const steps = withSecret(await planVault(client, settings), settings, clientSecret);
  refuse(steps, settings, clientSecret);
  const done: BootstrapChange[] = [];
  for (const { desired, ...change } of steps) {
    if (desired === undefined) await client.delete(change.path);
    else if (change.action !== "keep") await write(client, desired, clientSecret);
    report(change);
    done.push(change);
  }
  return done;
}

/** Whether the declaration's OIDC client needs its secret said before it can be set up. */
export function needsClientSecret(steps: readonly VaultStep[], settings: Settings): boolean {
  return steps.some((step) => step.path === oidcConfiguration(settings) && step.action !== "keep");
}

function oidcConfiguration({ operators }: Settings): string | undefined {
  return operators?.people && `auth/${operators.people.mount}/config`;
}

/** A secret that is given is written, although nobody can see whether it is another one. */
function withSecret(
  steps: readonly VaultStep[],
  settings: Settings,
  clientSecret: string | undefined,
): readonly VaultStep[] {
  if (clientSecret === undefined) return steps;
  return steps.map((step) =>
    step.path === oidcConfiguration(settings) && step.action === "keep"
      ? { ...step, action: "change", fields: ["oidc_client_secret"] }
      : step,
  );
}

/** Everything that can be refused is, before anything is changed. */
function refuse(steps: readonly VaultStep[], settings: Settings, clientSecret: string | undefined): void {
  const retyped = steps.find(({ kind, action }) => kind === "auth mount" && action === "change");
  if (retyped !== undefined) {
    throw new Error(
      `${retyped.path}: an auth mount of another type than ${String(retyped.desired?.fields.type)} is there already. ` +
        "Choose another mount in the stack's operators section; nothing was changed",
    );
  }
  if (clientSecret === undefined && needsClientSecret(steps, settings)) {
    throw new Error(
      `${oidcConfiguration(settings)}: the OIDC client's secret is needed, because Vault replaces this configuration as a ` +
        "whole. Give it with --client-secret, on standard input or at the hidden prompt; nothing was changed",
    );
  }
}

async function write(client: VaultClient, desired: Desired, clientSecret: string | undefined): Promise<void> {
  const { kind, path, fields } = desired;
  const secret = kind === "login configuration" && "oidc_client_id" in fields;
  await client.write(path, secret ? { ...fields, oidc_client_secret: clientSecret } : fields);
  const mounts = kind === "auth mount" ? await client.read("sys/auth") : { [`${mountOf(path)}/`]: {} };
  const found = (await foundAt(client, desired, mounts ?? {})) ?? {};
  const differing = differingFields(fields, found);
  if (differing.length > 0) throw notTaken(path, differing, fields, found);
}

function notTaken(path: string, names: readonly string[], desired: Fields, found: Fields): Error {
  const details = names.map(
    (name) => `${name}: wrote ${JSON.stringify(desired[name])}, found ${JSON.stringify(found[name])}`,
  );
  return new Error(
    `Vault did not take everything at ${path}: ${details.join("; ")}. It ignores fields that it does not know`,
  );
}
