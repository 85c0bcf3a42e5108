import { describe, expect, it } from "vitest";
import { lookAtKubernetes } from "../../../cli/drift/kubernetes/look.ts";
import { ofProvider } from "../../../cli/drift/look.ts";
import { lookAtVault } from "../../../cli/drift/vault/look.ts";
import type { KubernetesReader } from "../../../clients/kubernetes.ts";
import type { VaultClient } from "../../../clients/vault.ts";
import { settingsOf } from "../arbitrary-settings.ts";
import { declaredBy, everyKind } from "./stacks.ts";

const empty = { read: async () => undefined, list: async () => [] };
const nobody = () => {};

describe("what the program declares", () => {
  it("is said by the program itself, with the inputs that its providers would get", async () => {
    const declared = await declaredBy(settingsOf("dev"));
    expect(declared.find(({ name }) => name === "voyager-platform-llm")).toEqual({
      type: "vault:kubernetes/authBackendRole:AuthBackendRole",
      name: "voyager-platform-llm",
      inputs: expect.objectContaining({
        backend: "kubernetes",
        boundServiceAccountNames: ["vault-store"],
        tokenPolicies: ["voyager-platform.session", "voyager-platform.llm.llm-gateway"],
      }),
    });
  });

  it.each(Object.entries(everyKind()))("has a reader for every resource: %s", async (_, settings) => {
    const declared = await declaredBy(settings);
    const others = declared.filter(({ type }) => !/^(vault|kubernetes|random):/.test(type));
    expect(others).toEqual([]);
    const vault = await lookAtVault(empty as unknown as VaultClient, ofProvider(declared, "vault"), nobody);
    const kubernetes = await lookAtKubernetes(
      empty as unknown as KubernetesReader,
      ofProvider(declared, "kubernetes"),
      nobody,
    );
    expect([...vault.unseen, ...kubernetes.unseen]).toEqual([]);
  });

  it("says what it cannot look at instead of leaving it out", async () => {
    const unknown = [{ type: "vault:transit/secretBackendKey:SecretBackendKey", name: "key", inputs: {} }];
    expect(await lookAtVault(empty as unknown as VaultClient, unknown, nobody)).toEqual({
      seen: { Vault: 0 },
      findings: [],
      unseen: [
        {
          what: "vault:transit/secretBackendKey:SecretBackendKey key",
          why: "there is no reader for its type",
          failed: false,
        },
      ],
    });
  });

  it("is missing altogether from servers that have nothing", async () => {
    const declared = await declaredBy(settingsOf("dev"));
    const found = await lookAtVault(empty as unknown as VaultClient, ofProvider(declared, "vault"), nobody);
    expect(found.findings.map(({ drift }) => drift)).toEqual(
      ofProvider(declared, "vault").map(() => "missing"),
    );
    expect(found.findings.map(({ what }) => what)).toContain(
      "policy sys/policies/acl/voyager-platform.llm.llm-gateway",
    );
  });
});
