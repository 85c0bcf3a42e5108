import type { Settings } from "../../../config/schema.ts";
import { ownLabels } from "../../external-secrets/metadata.ts";
import { nothing, portOf, tcp, to, toDns } from "../../traffic.ts";
import { EXPORTER, EXPORTER_PORT, exporterSelector } from "./names.ts";
import type { ExporterSettings } from "./settings.ts";

/**
 * Network policies of the exporter's namespace: nothing in and nothing out for any pod; and for the exporter names, Vault and
 * its nodes, and the API server outwards, a scrape inwards. Whether they hold is the cluster's network plugin's affair.
 */
export function exporterNetworkPolicies(settings: Settings, { namespace }: ExporterSettings) {
  const { environment, externalSecrets, vault, kubernetes, monitoring } = settings;
  const { vaultCidrs, apiServerCidrs, dnsCidrs } = externalSecrets.network;
  const metadata = (name: string) => ({ name, namespace, labels: ownLabels(environment) });
  const vaultPorts = [vault.address, ...Object.values(monitoring.vault.nodes)].map(portOf);
  const exporter = {
    podSelector: { matchLabels: exporterSelector },
    policyTypes: ["Ingress", "Egress"],
    ingress: [{ from: [{ namespaceSelector: {} }], ports: tcp(EXPORTER_PORT) }],
    egress: [
      toDns(dnsCidrs),
      to(vaultCidrs, tcp(...vaultPorts)),
      // Plugins look at the service's port or at the server's own, before or after the address is translated.
      to(apiServerCidrs, tcp(443, portOf(kubernetes.apiAddress))),
    ],
  };
  return [
    { metadata: metadata("default-deny"), spec: nothing },
    { metadata: metadata(EXPORTER), spec: exporter },
  ];
}
