import { describe, expect, it } from "vitest";
import { GeneratedSecret } from "../../../components/generated/generated-secret.ts";
import { createProviders } from "../../../components/providers.ts";
import { generatedSecrets } from "../../../config/generated-secrets.ts";
import { unwrapped } from "../../../resources/values.ts";
import { holdsSecret, only, recordResources } from "../pulumi-mocks.ts";
import { generated, settingsWithData } from "./declarations.ts";

const PASSWORD = "random:index/randomPassword:RandomPassword";
const SECRET = "vault:kv/secretV2:SecretV2";

const settings = settingsWithData({
  a: generated("password", { epoch: 2 }),
  b: generated("token", { epoch: 5, length: 64 }),
});

const resources = await recordResources(
  () => {
    const { vault, random } = createProviders(settings);
    for (const secret of generatedSecrets(settings)) {
      new GeneratedSecret(`${secret.mount}/${secret.path}`, secret, { providers: { vault, random } });
    }
  },
  { outputs: ({ type, name }) => (type === PASSWORD ? { result: `made for ${name}` } : {}) },
);
const secret = only(resources, SECRET, "kv/llm/db");

describe("a generated secret", () => {
  it("is written over the version before its own, and never read", () => {
    expect(secret.inputs).toMatchObject({
      mount: "kv",
      name: "llm/db",
      options: { cas: "4" },
      disableRead: true,
    });
    expect(secret.inputs).not.toHaveProperty("deleteAllVersions");
  });

  it("holds each value, as a secret that the state encrypts", () => {
    expect(holdsSecret(secret.inputs.dataJson)).toBe(true);
    expect(JSON.parse(String(unwrapped(secret.inputs.dataJson)))).toEqual({
      password: "made for kv/llm/db#password",
      token: "made for kv/llm/db#token",
    });
    const { dataJson: _, ...others } = secret.inputs;
    expect(JSON.stringify(others)).not.toContain("made for");
    const values = resources.filter(({ type }) => type === PASSWORD).map(({ urn }) => urn);
    expect(secret.propertyDependencies.dataJson?.toSorted()).toEqual(values.toSorted());
  });

  it("makes each value anew with its own epoch alone", () => {
    expect(only(resources, PASSWORD, "kv/llm/db#password").inputs).toMatchObject({ keepers: { epoch: "2" } });
    expect(only(resources, PASSWORD, "kv/llm/db#token").inputs).toMatchObject({
      keepers: { epoch: "5" },
      length: 64,
    });
  });

  it("stays in Vault when its declaration goes, and names its providers", () => {
    expect(secret.retainOnDelete).toBe(true);
    expect(secret.provider).toMatch(/pulumi:providers:vault::vault::/);
    const component = only(resources, "vault-management:generated:GeneratedSecret");
    expect(component.inputs).toEqual({});
    for (const { provider, parent } of resources.filter(({ type }) => type === PASSWORD)) {
      expect(provider).toMatch(/pulumi:providers:random::random::/);
      expect(parent).toBe(component.urn);
    }
  });
});
