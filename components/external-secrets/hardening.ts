import type { Settings } from "../../config/schema.ts";
import { type EgressRule, nothing, portOf, tcp, to, toDns } from "../traffic.ts";
import { ownLabels } from "./metadata.ts";
import { releaseName } from "./values.ts";

/**
 * Labels by which the API server admits only pods of the Pod Security standard `restricted` in ESO's own namespace:
 * whoever could start a privileged one there would be ESO, which may list every Secret. As the cluster's own version has it.
 */
export function podSecurityLabels(): Readonly<Record<string, string>> {
  return Object.fromEntries(
    ["enforce", "audit", "warn"].flatMap((mode) => [
      [`pod-security.kubernetes.io/${mode}`, "restricted"],
      [`pod-security.kubernetes.io/${mode}-version`, "latest"],
    ]),
  );
}

/**
 * Network policies of ESO's own namespace: nothing in and nothing out for any pod; and for ESO's pods what they need,
 * names, Vault and the API server outwards, a scrape of their metrics inwards. Where no network is declared, the port
 * alone decides. Whether they hold is the cluster's network plugin's affair.
 */
export function networkPolicies(settings: Settings) {
  const { environment, externalSecrets, vault, kubernetes } = settings;
  const { vaultCidrs, apiServerCidrs, dnsCidrs } = externalSecrets.network;
  const policy = (name: string, spec: ReturnType<typeof operatorTraffic> | typeof nothing) => ({
    apiVersion: "networking.k8s.io/v1" as const,
    kind: "NetworkPolicy" as const,
    metadata: { name, namespace: externalSecrets.namespace, labels: ownLabels(environment) },
    spec,
  });
  return [
    policy("default-deny", nothing),
    policy(
      releaseName,
      operatorTraffic([
        toDns(dnsCidrs),
        to(vaultCidrs, tcp(portOf(vault.address))),
        // Plugins look at the service's port or at the server's own, before or after the address is translated.
        to(apiServerCidrs, tcp(443, portOf(kubernetes.apiAddress))),
      ]),
    ),
  ];
}

/** Port of the chart's metrics (`metrics.listen.port`); the kubelet's probes need no rule. */
const METRICS_PORT = 8080;

function operatorTraffic(egress: EgressRule[]) {
  return {
    podSelector: {
      matchLabels: {
        "app.kubernetes.io/name": "external-secrets",
        "app.kubernetes.io/instance": releaseName,
      },
    },
    policyTypes: ["Ingress", "Egress"],
    ingress: [{ from: [{ namespaceSelector: {} }], ports: tcp(METRICS_PORT) }],
    egress,
  };
}
