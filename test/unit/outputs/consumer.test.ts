import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { mountedSecret } from "../../../examples/consumer/mounted-secret.ts";
import { outputsOf } from "../../../outputs/write.ts";
import { settingsOf } from "../arbitrary-settings.ts";
import { holdsSecret, only, recordResources } from "../pulumi-mocks.ts";

const outputs = outputsOf(settingsOf("dev"));

describe("the consumer example", () => {
  it("mounts the Secret by name and key, through the stack's outputs", async () => {
    pulumi.runtime.setAllConfig({ "consumer:stack": "org/vault-management/dev", "consumer:context": "dev" });
    const resources = await recordResources(() => import("../../../examples/consumer/index.ts"), {
      project: "consumer",
      outputs: ({ type }) =>
        type === "pulumi:pulumi:StackReference"
          ? { name: "org/vault-management/dev", outputs: { vaultManagement: outputs }, secretOutputNames: [] }
          : {},
    });
    const deployment = only(resources, "kubernetes:apps/v1:Deployment", "llm-gateway");
    expect(deployment.inputs).toMatchObject({
      metadata: { namespace: "llm" },
      spec: {
        template: {
          spec: {
            volumes: [
              { secret: { secretName: "openai-api-key", items: [{ key: "api_key", path: "api_key" }] } },
            ],
          },
        },
      },
    });
    expect(deployment.provider).toMatch(/pulumi:providers:kubernetes::kubernetes::kubernetes-id$/);
    expect(holdsSecret(deployment.inputs)).toBe(false);
  });

  it.each([
    [
      "a secret that is not declared",
      ["llm", "other", "api_key"],
      /no ExternalSecret llm\/other; there: openai-api-key/,
    ],
    ["a namespace that is not declared", ["web", "other", "api_key"], /there: none/],
    [
      "a key that the Secret does not have",
      ["llm", "openai-api-key", "other"],
      /no key other; it has: api_key/,
    ],
  ] as const)("says what there is instead of %s", (_what, [namespace, secret, key], message) => {
    expect(() => mountedSecret(outputs, namespace, secret, key)).toThrow(message);
  });
});
