import { describe, expect, it } from "vitest";
import { managedInVault, readingOf } from "../../../access/managed.ts";
import { deployerPolicy } from "../../../access/operators/deployer.ts";
import { declaredPaths, findDeclared, refuseGenerated } from "../../../cli/secrets/declared.ts";
import { externalSecretManifests } from "../../../components/external-secrets/external-secret.ts";
import { secretReads } from "../../../components/vault/policies.ts";
import { generated, settingsWithData } from "./declarations.ts";

const settings = settingsWithData({
  password: generated("password", { epoch: 3 }),
  api_key: "llm/openai#api_key",
});
const grants = (of: ReturnType<typeof managedInVault>) =>
  of.filter(({ path }) => path.endsWith("/llm/db")).map(({ path, capabilities }) => [path, capabilities]);

describe("a generated value", () => {
  it("may be written and not read by the deployer, with nothing but values and the version to replace", () => {
    expect(grants(managedInVault(settings))).toEqual([
      ["kv/data/llm/db", ["create", "update"]],
      ["kv/metadata/llm/db", ["read"]],
      ["kv/subkeys/llm/db", ["read"]],
    ]);
    const { document } = deployerPolicy(settings);
    expect(document).toContain(
      'path "kv/data/llm/db" {\n  capabilities = ["create", "update"]\n  allowed_parameters',
    );
    expect(document).not.toContain("kv/data/llm/openai");
  });

  it("is looked at by its version and the names of its properties alone in a preview", () => {
    expect(grants(readingOf(managedInVault(settings)))).toEqual([
      ["kv/metadata/llm/db", ["read"]],
      ["kv/subkeys/llm/db", ["read"]],
    ]);
  });

  it("is read by its service as any other", () => {
    const [service] = settings.namespaces[0]?.services ?? [];
    expect(service && secretReads(service)).toEqual(["llm/db", "llm/openai"]);
  });

  it("is read by ESO at once when there is a new one", () => {
    const [manifest] = settings.namespaces.flatMap((namespace) =>
      externalSecretManifests(settings, namespace),
    );
    expect(manifest?.metadata.annotations).toMatchObject({ "vault-management/generated": "llm/db=3" });
    expect(manifest?.spec.data?.[1]?.remoteRef).toMatchObject({ key: "llm/db", property: "password" });
    const plain = settingsWithData({ api_key: "llm/openai#api_key" });
    const [other] = plain.namespaces.flatMap((namespace) => externalSecretManifests(plain, namespace));
    expect(other?.metadata.annotations).not.toHaveProperty("vault-management/generated");
  });

  it("is not a person's to put", () => {
    expect(declaredPaths(settings).map(({ path, generated: made }) => [path, made])).toEqual([
      ["llm/db", true],
      ["llm/openai", false],
    ]);
    expect(() => refuseGenerated(findDeclared(settings, "llm/db", undefined))).toThrow(
      /kv\/llm\/db is generated.*Nothing was written.*raise the epoch/,
    );
    expect(() => refuseGenerated(findDeclared(settings, "llm/openai", undefined))).not.toThrow();
  });
});
