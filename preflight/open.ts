import * as pulumi from "@pulumi/pulumi";
import { findToken } from "../clients/vault-token.ts";
import { loadCrds } from "../components/external-secrets/crds.ts";
import type { StackArgs } from "../components/stack.ts";
import { withoutWaiting } from "../config/databases-state.ts";
import { loadSettings } from "../config/load.ts";
import { ConfigError } from "../config/problems.ts";
import { connectionStates } from "./databases.ts";
import { monitoringKinds } from "./kubernetes.ts";
import { preflight } from "./preflight.ts";
import { rightsInForce } from "./rights-in-force.ts";
import { withDeclaredVault } from "./vault.ts";

/**
 * The running stack's declaration and what it installs from elsewhere, once they and the servers are found good.
 * @throws RunError, which Pulumi prints without a stack trace, with every problem
 */
export async function openStack(): Promise<StackArgs> {
  try {
    const settings = await loadSettings();
    const purpose = pulumi.runtime.isDryRun() ? "preview" : "update";
    const [crds] = await Promise.all([loadCrds(settings.externalSecrets), preflight(settings, purpose)]);
    const connections = await withDeclaredVault(settings, await findToken(), (client) =>
      connectionStates(client, settings),
    );
    return {
      settings,
      deployable: withoutWaiting(settings, connections),
      connections,
      crds,
      monitoringKinds: await monitoringKinds(settings),
      ...(purpose === "preview" ? {} : { rightsInForce: rightsInForce(settings.kubernetes.context) }),
    };
  } catch (error) {
    throw error instanceof ConfigError ? new pulumi.RunError(error.message) : error;
  }
}
