import * as pulumi from "@pulumi/pulumi";
import { type CrdManifest, loadCrds } from "../components/external-secrets/crds.ts";
import { loadSettings } from "../config/load.ts";
import { ConfigError } from "../config/problems.ts";
import type { Settings } from "../config/schema.ts";
import { preflight } from "./preflight.ts";

export interface OpenedStack {
  readonly settings: Settings;
  /** The custom resource definitions to install; none where ESO is there already. */
  readonly crds: readonly CrdManifest[];
}

/**
 * The running stack's declaration and what it installs from elsewhere, once they and the servers are found good.
 * @throws RunError, which Pulumi prints without a stack trace, with every problem
 */
export async function openStack(): Promise<OpenedStack> {
  try {
    const settings = await loadSettings();
    const purpose = pulumi.runtime.isDryRun() ? "preview" : "update";
    const [crds] = await Promise.all([loadCrds(settings.externalSecrets), preflight(settings, purpose)]);
    return { settings, crds };
  } catch (error) {
    throw error instanceof ConfigError ? new pulumi.RunError(error.message) : error;
  }
}
