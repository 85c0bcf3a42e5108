import { describe, expect, it } from "vitest";
import { pinnedImages } from "../../../policy/rules/pinned-images.ts";
import { UNKNOWN } from "../../../policy/rules/resource.ts";
import { workloadPolicies } from "../../../policy/rules/workload-policies.ts";
import { found, resource } from "./judged.ts";

const POLICY = "vault:index/policy:Policy";
const ROTATOR = `urn:pulumi:dev::p::vault-management:rotation:Rotations$vault-management:rotation:KeyRotation$${POLICY}::p`;

function judge(path: string, capabilities: readonly string[], urn?: string): readonly string[] {
  const policy = `path "${path}" { capabilities = ${JSON.stringify(capabilities)} }`;
  const view = resource(POLICY, { name: "p", policy });
  return found(workloadPolicies, urn === undefined ? view : { ...view, urn });
}

describe("a rotator's policy", () => {
  it.each([
    ["kv/data/llm/openai", ["create", "read", "update"]],
    ["kv/metadata/rotation/openai", ["patch"]],
    ["auth/token/revoke-self", ["update"]],
  ])("may have %s: %s; a workload's may not write", (path, capabilities) => {
    expect(judge(path, capabilities, ROTATOR)).toEqual([]);
    if (path.startsWith("kv/")) expect(judge(path, capabilities)).toHaveLength(1);
  });

  it.each([
    ["kv/data/*", ["read"]],
    ["kv/data/rotation/+", ["update"]],
    ["kv/data/llm/openai", ["read", "delete"]],
    ["kv/metadata/rotation/openai", ["patch", "delete"]],
    ["kv/metadata/rotation/openai", ["read"]],
    ["kv/destroy/llm/openai", ["update"]],
    ["sys/policies/acl/p", ["update"]],
  ])("may not have %s: %s", (path, capabilities) => {
    expect(judge(path, capabilities, ROTATOR)).toHaveLength(1);
  });
});

describe("an image", () => {
  const digest = `sha256:${"0".repeat(64)}`;
  const podWith = (image: unknown) => ({ spec: { jobTemplate: { spec: { template: { spec: image } } } } });
  const judgeImage = (props: Readonly<Record<string, unknown>>, type = "kubernetes:batch/v1:CronJob") =>
    found(pinnedImages, resource(type, props));

  it("passes by its digest, and where it is not known yet", () => {
    for (const image of [`node:24@${digest}`, `registry.example:5000/node@${digest}`, UNKNOWN, undefined]) {
      expect(judgeImage(podWith({ containers: [{ image }] }))).toEqual([]);
    }
    expect(judgeImage({ containers: [{ image: "node" }] }, "docker:index/container:Container")).toEqual([]);
  });

  it("is refused by a tag or by nothing, wherever the pod stands", () => {
    for (const image of ["node", "node:24", `node@sha256:00`]) {
      expect(judgeImage(podWith({ containers: [{ image }] }))[0]).toContain(`"${image}"`);
      expect(judgeImage(podWith({ initContainers: [{ image }] }))).toHaveLength(1);
      expect(judgeImage({ spec: { containers: [{ image }] } }, "kubernetes:core/v1:Pod")).toHaveLength(1);
    }
  });
});
