import { describe, expect, it } from "vitest";
import { exporterPolicy } from "../../../components/monitoring/exporter/vault-access.ts";
import { workloadPolicies } from "../../../policy/rules/workload-policies.ts";
import { exporterIn, watched } from "../exporter/specs.ts";
import { found, resource } from "./judged.ts";

const POLICY = "vault:index/policy:Policy";
const EXPORTER = `urn:pulumi:dev::p::vault-management:monitoring:Exporter$${POLICY}::p`;

function judge(policy: string, urn = EXPORTER): readonly string[] {
  return found(workloadPolicies, { ...resource(POLICY, { name: "p", policy }), urn });
}

const grant = (path: string, capabilities: readonly string[]) =>
  `path "${path}" { capabilities = ${JSON.stringify(capabilities)} }`;

describe("the exporter's policy", () => {
  const settings = watched();
  const { document } = exporterPolicy(settings, exporterIn(settings));

  it("passes as the program writes it; a workload's may not be so", () => {
    expect(judge(document)).toEqual([]);
    expect(judge(document, `urn:pulumi:dev::p::${POLICY}::p`)).not.toEqual([]);
  });

  it.each([
    ["kv/data/llm/openai", ["read"]],
    ["kv/metadata/*", ["read"]],
    ["kv/metadata/llm/openai", ["read", "delete"]],
    ["kv/destroy/llm/openai", ["update"]],
    ["sys/audit", ["read", "sudo", "update"]],
    ["sys/audit/file", ["read", "sudo"]],
    ["sys/metadata/x", ["read"]],
    ["sys/policies/acl/p", ["read"]],
    ["database/creds/orders", ["read"]],
  ])("may not have %s: %s", (path, capabilities) => {
    expect(judge(grant(path, capabilities))).toHaveLength(1);
  });
});
