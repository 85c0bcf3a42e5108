import { describe, expect, it } from "vitest";
import { networkPolicies, podSecurityLabels } from "../../../components/external-secrets/hardening.ts";
import { chartValues } from "../../../components/external-secrets/values.ts";
import { settingsOf, settingsWith } from "../arbitrary-settings.ts";

const dev = settingsOf("dev");
const tcp = (port: number) => ({ protocol: "TCP", port });
const blocks = (...cidrs: readonly string[]) => cidrs.map((cidr) => ({ ipBlock: { cidr } }));

function named(name: string, settings = dev) {
  return networkPolicies(settings).find(({ metadata }) => metadata.name === name)?.spec;
}

describe("network policies", () => {
  it("are of ESO's namespace alone", () => {
    expect(networkPolicies(dev).map(({ metadata }) => metadata)).toMatchObject([
      { name: "default-deny", namespace: "vault" },
      { name: "external-secrets", namespace: "vault" },
    ]);
  });

  it("let nothing in or out of any pod", () => {
    expect(named("default-deny")).toEqual({ podSelector: {}, policyTypes: ["Ingress", "Egress"] });
  });

  it("let ESO's pods reach names, Vault and the API server by their ports, and their metrics be read", () => {
    expect(named("external-secrets")).toEqual({
      podSelector: {
        matchLabels: {
          "app.kubernetes.io/name": "external-secrets",
          "app.kubernetes.io/instance": "external-secrets",
        },
      },
      policyTypes: ["Ingress", "Egress"],
      ingress: [{ from: [{ namespaceSelector: {} }], ports: [tcp(8080)] }],
      egress: [
        { ports: [{ protocol: "UDP", port: 53 }, tcp(53)] },
        { ports: [tcp(443)] },
        { ports: [tcp(443), tcp(6443)] },
      ],
    });
  });

  it("let them no further than the declared networks", () => {
    const network = {
      vaultCidrs: ["10.50.0.0/24", "2001:db8::/64"],
      apiServerCidrs: ["10.96.0.1/32"],
      dnsCidrs: ["10.96.0.10/32"],
    };
    const spec = named("external-secrets", settingsWith(["externalSecrets", "network"], network));
    expect(spec).toMatchObject({
      egress: [
        { to: blocks("10.96.0.10/32") },
        { to: blocks("10.50.0.0/24", "2001:db8::/64") },
        { to: blocks("10.96.0.1/32") },
      ],
    });
  });

  it("take Vault's port from its address", () => {
    const spec = named("external-secrets", settingsWith(["vault", "address"], "https://vault.example:8200"));
    expect(spec).toMatchObject({ egress: [{}, { ports: [tcp(8200)] }, {}] });
  });
});

describe("pod security", () => {
  it("is restricted, for admission, audit and warnings", () => {
    expect(podSecurityLabels()).toEqual({
      "pod-security.kubernetes.io/enforce": "restricted",
      "pod-security.kubernetes.io/enforce-version": "latest",
      "pod-security.kubernetes.io/audit": "restricted",
      "pod-security.kubernetes.io/audit-version": "latest",
      "pod-security.kubernetes.io/warn": "restricted",
      "pod-security.kubernetes.io/warn-version": "latest",
    });
  });

  it("is what the chart's pods are given", () => {
    expect(chartValues(dev).securityContext).toMatchObject({
      runAsNonRoot: true,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ["ALL"] },
      seccompProfile: { type: "RuntimeDefault" },
    });
  });
});
