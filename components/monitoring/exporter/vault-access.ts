import { type Grant, policyText } from "../../../access/operators/document.ts";
import { requiredGrants } from "../../../jobs/exporter/grants.ts";
import { mountDescription } from "../../vault/ownership.ts";
import type { PolicyDocument } from "../../vault/policies.ts";
import type { BoundAccount } from "../../vault/roles.ts";
import { exporterSpecOf } from "./exporter-spec.ts";
import { EXPORTER, exporterVaultNames } from "./names.ts";
import type { ExporterSettings, ExporterStack } from "./settings.ts";

/** A session is replaced before it ends, so that its length is only how long a stolen one is good for. */
const SESSION_SECONDS = 3_600;

/** All that the exporter may do in Vault. */
export function exporterGrants(settings: ExporterStack, exporter: ExporterSettings): readonly Grant[] {
  return requiredGrants(exporterSpecOf(settings, exporter));
}

export function exporterPolicy(settings: ExporterStack, exporter: ExporterSettings): PolicyDocument {
  return {
    name: exporterVaultNames(settings, exporter.namespace).policy,
    document: policyText(
      `${mountDescription(settings.environment)}: exporter`,
      exporterGrants(settings, exporter),
    ),
  };
}

/** The exporter as it logs in. */
export function exporterAccount(
  settings: Pick<ExporterStack, "vault">,
  { namespace }: ExporterSettings,
): BoundAccount {
  const names = exporterVaultNames(settings, namespace);
  return {
    roleName: names.role,
    namespace,
    serviceAccount: EXPORTER,
    tokenPolicies: [names.policy],
    tokenTtlSeconds: SESSION_SECONDS,
    tokenMaxTtlSeconds: SESSION_SECONDS,
  };
}
