import type { RotationKey, RotationSettings } from "../../config/rotation-settings.ts";
import type { Settings } from "../../config/schema.ts";
import { ownLabels } from "../external-secrets/metadata.ts";
import { nothing, portOf, tcp, to, toDns } from "../traffic.ts";
import { ROTATION_LABEL } from "./names.ts";

/**
 * Network policies of the rotators' namespace: nothing in and nothing out for any pod; and for rotators, outwards, names,
 * Vault, the API server and the ports of the declared providers. Providers have no fixed networks, so that there the port
 * alone decides. Whether they hold is the cluster's network plugin's affair.
 */
export function rotationNetworkPolicies(settings: Settings, rotation: RotationSettings) {
  const { environment, externalSecrets, vault, kubernetes } = settings;
  const { vaultCidrs, apiServerCidrs, dnsCidrs } = externalSecrets.network;
  const metadata = (name: string) => ({
    name,
    namespace: rotation.namespace,
    labels: ownLabels(environment),
  });
  const ports = rotation.keys.flatMap(providerPorts).toSorted((a, b) => a - b);
  const rotators = {
    podSelector: { matchExpressions: [{ key: ROTATION_LABEL, operator: "Exists" }] },
    policyTypes: ["Ingress", "Egress"],
    egress: [
      toDns(dnsCidrs),
      to(vaultCidrs, tcp(portOf(vault.address))),
      // Plugins look at the service's port or at the server's own, before or after the address is translated.
      to(apiServerCidrs, tcp(443, portOf(kubernetes.apiAddress))),
      ...(ports.length === 0 ? [] : [to([], tcp(...ports))]),
    ],
  };
  return [
    { metadata: metadata("default-deny"), spec: nothing },
    { metadata: metadata("rotators"), spec: rotators },
  ];
}

/** Those of all its requests; none where an operator does everything. */
function providerPorts({ providerSpec }: RotationKey): readonly number[] {
  if (providerSpec.kind === "openai") return [portOf(providerSpec.baseUrl)];
  const calls =
    providerSpec.kind === "http"
      ? [providerSpec.create, providerSpec.list, providerSpec.test, providerSpec.revoke]
      : [providerSpec.test, providerSpec.revoke].filter((call) => call !== undefined);
  return calls.map(({ url }) => portOf(url.replaceAll(/\{\{\w+\}\}/g, "x")));
}
