import type { Settings } from "../../../config/schema.ts";
import { ownLabels } from "../../external-secrets/metadata.ts";

/** The Deployment, its Service and its service account; also the Role and its binding in each namespace that it looks at. */
export const EXPORTER = "vault-management-exporter";

/** Where it serves `/metrics`. */
export const EXPORTER_PORT = 9464;

/** Name of that port in the Service, which a ServiceMonitor scrapes. */
export const EXPORTER_PORT_NAME = "metrics";

/** What of Vault's it is called; its namespace is no declared one, so no store's role has this name. */
export function exporterVaultNames({ vault }: Pick<Settings, "vault">, namespace: string) {
  const { rolePrefix } = vault.auth;
  return { role: `${rolePrefix}-${namespace}.exporter`, policy: `${rolePrefix}.${namespace}.exporter` };
}

/** By which the Deployment and the Service know the pod. */
export const exporterSelector = { "app.kubernetes.io/name": EXPORTER };

export function exporterLabels(environment: string): Readonly<Record<string, string>> {
  return { ...ownLabels(environment), ...exporterSelector };
}
