import fc from "fast-check";
import { beforeAll, expect, it } from "vitest";
import { externalSecretManifests } from "../../../components/external-secrets/external-secret.ts";
import type { RunningSandbox } from "../../../sandbox/sandbox.ts";
import { anySettings } from "../../unit/arbitrary-settings.ts";
import { type Anything, accepted, asAdministrator, DryRuns, live, untilAnswer } from "./ground.ts";
import { externalSecret, templated } from "./objects.ts";

const remoteRef = { key: "llm/openai", property: "api_key" };
const reading = '{{ getSecretKey "openai-api-key" "llm" "api_key" }}';
const generatorRef = {
  apiVersion: "generators.external-secrets.io/v1alpha1",
  kind: "Password",
  name: "any",
};

const refused: readonly (readonly [string, Anything, RegExp])[] = [
  [
    "a service-account token as target",
    templated({
      type: "kubernetes.io/service-account-token",
      metadata: { annotations: { "kubernetes.io/service-account.name": "default" } },
    }),
    /template\.type: found kubernetes\.io\/service-account-token; allowed: any other type/,
  ],
  [
    "the store of the whole cluster",
    externalSecret({ secretStoreRef: { kind: "ClusterSecretStore", name: "vault-store" } }),
    /storeRef: kind: found ClusterSecretStore vault-store; allowed: SecretStore/,
  ],
  [
    "a store that is not declared",
    externalSecret({ secretStoreRef: { kind: "SecretStore", name: "theirs" } }),
    /storeRef: name: found theirs; allowed: vault-store/,
  ],
  [
    "a store that one key names",
    externalSecret({ data: [{ secretKey: "a", remoteRef, sourceRef: { storeRef: { name: "theirs" } } }] }),
    /storeRef: name: found theirs/,
  ],
  [
    "the cluster's store, named by one key",
    externalSecret({
      data: [
        { secretKey: "a", remoteRef, sourceRef: { storeRef: { kind: "ClusterSecretStore", name: "x" } } },
      ],
    }),
    /storeRef: kind: found ClusterSecretStore x/,
  ],
  [
    "a store that dataFrom names",
    externalSecret({
      dataFrom: [
        { extract: { key: "llm/openai" }, sourceRef: { storeRef: { name: "theirs", kind: "SecretStore" } } },
      ],
    }),
    /storeRef: name: found theirs/,
  ],
  [
    "a generator",
    externalSecret({ data: undefined, dataFrom: [{ sourceRef: { generatorRef } }] }),
    /generatorRef: kind: found Password; allowed: VaultDynamicSecret; fix: .*externalSecrets\.admission\.allow/,
  ],
  [
    "a generator that the stack does not declare",
    externalSecret({
      data: undefined,
      dataFrom: [{ sourceRef: { generatorRef: { ...generatorRef, kind: "VaultDynamicSecret" } } }],
    }),
    /generatorRef: name: found any; allowed: none in this namespace; fix: declare the secret/,
  ],
  [
    "getSecretKey in a template's data",
    templated({ data: { stolen: reading } }),
    /spec\.target\.template: found getSecretKey or getSecretsAsMap in spec\.target\.template\.data\.stolen/,
  ],
  [
    "getSecretsAsMap in a literal of templateFrom",
    templated({ templateFrom: [{ literal: '{{ getSecretsAsMap "llm" "x" }}' }] }),
    /in spec\.target\.template\.templateFrom\[\]\.literal/,
  ],
  [
    "getSecretKey in a label",
    templated({ metadata: { labels: { stolen: reading } } }),
    /in spec\.target\.template\.metadata\.labels\.stolen/,
  ],
  [
    "getSecretKey in an annotation",
    templated({ metadata: { annotations: { stolen: reading } } }),
    /in spec\.target\.template\.metadata\.annotations\.stolen/,
  ],
  [
    "getSecretKey in a rewrite",
    externalSecret({
      dataFrom: [{ extract: { key: "llm/openai" }, rewrite: [{ transform: { template: reading } }] }],
    }),
    /rewrite\[\]\.transform\.template: found getSecretKey/,
  ],
  [
    "a template out of a ConfigMap",
    templated({ templateFrom: [{ configMap: { name: "theirs", items: [{ key: "a" }] } }] }),
    /templateFrom: found configMap theirs; allowed: literal/,
  ],
  [
    "a template out of a Secret",
    templated({ templateFrom: [{ secret: { name: "theirs", items: [{ key: "a" }] } }] }),
    /templateFrom: found secret theirs; allowed: literal/,
  ],
];

const good: readonly (readonly [string, Anything])[] = [
  ["a key of the namespace's store", externalSecret()],
  ["a whole secret", externalSecret({ data: undefined, dataFrom: [{ extract: { key: "llm/openai" } }] })],
  [
    "its store named again by a key",
    externalSecret({
      data: [
        { secretKey: "a", remoteRef, sourceRef: { storeRef: { kind: "SecretStore", name: "vault-store" } } },
      ],
    }),
  ],
  [
    "a template of its own data",
    templated({ type: "kubernetes.io/basic-auth", data: { username: "a", password: "{{ .api_key }}" } }),
  ],
  ["a literal template", templated({ templateFrom: [{ literal: "url: x?{{ .api_key }}" }] })],
  [
    "a rewrite of keys",
    externalSecret({
      dataFrom: [
        { extract: { key: "llm/openai" }, rewrite: [{ transform: { template: "{{ .value | upper }}" } }] },
      ],
    }),
  ],
];

/** ExternalSecrets in the reference namespace. */
export function externalSecretChecks(sandbox: () => RunningSandbox): void {
  let dry: DryRuns;
  beforeAll(() => {
    dry = new DryRuns(sandbox().kubernetes.kubeconfigs.admin);
  });

  it.each(refused)("refuses %s", async (_what, object, message) => {
    const answer = await dry.create(object);
    expect(answer).toMatch(message);
    expect(answer).toContain("'vault-management-dev-external-secrets'");
    expect(answer).toMatch(/; fix: \S/);
  });

  it.each(good)("lets %s pass", async (_what, object) => {
    expect(await dry.create(object)).toBe(accepted);
  });

  it("lets whatever the stack renders pass", async () => {
    const rendered = fc
      .sample(anySettings, 20)
      .flatMap((settings) =>
        settings.namespaces.flatMap((namespace) => externalSecretManifests(settings, namespace)),
      );
    const answers = rendered.map(({ metadata, spec, ...kind }) => {
      const secretStoreRef = { kind: "SecretStore", name: "vault-store" };
      return dry.create({
        ...kind,
        metadata: { ...metadata, namespace: "llm" },
        spec: { ...spec, secretStoreRef },
      });
    });
    expect(new Set(await Promise.all(answers))).toEqual(new Set([accepted]));
    expect(answers.length).toBeGreaterThan(10);
  });

  it("refuses the same in a change, and lets pass what is no change of the spec", async () => {
    const secret = await live(sandbox(), "ExternalSecret", "openai-api-key");
    const spec = secret.spec as Record<string, unknown>;
    const target = { ...(spec.target as object), template: { data: { stolen: reading } } };
    expect(await dry.replace({ ...secret, spec: { ...spec, target } })).toMatch(/found getSecretKey/);
    const annotations = { ...secret.metadata?.annotations, "force-sync": "1" };
    expect(await dry.replace({ ...secret, metadata: { ...secret.metadata, annotations } })).toBe(accepted);
  });

  it("refuses to make objects of any kind, in a release that can", async () => {
    const manifest = externalSecret({ target: { manifest: { apiVersion: "v1", kind: "ConfigMap" } } });
    await asAdministrator(sandbox(), async (client) => {
      const before = declaredPart(
        await client.read({ ...definitionKind, name: "externalsecrets.external-secrets.io" }),
      );
      await client.apply(withManifest(before));
      try {
        const answer = await untilAnswer("the new field was served", () => dry.create(manifest), /denied/);
        expect(answer).toMatch(/spec\.target: found manifest; allowed: name, creationPolicy/);
      } finally {
        await client.apply(before);
      }
    });
  });
}

const definitionKind = { apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition" };

/** A definition as it can be applied again. */
function declaredPart(found: Anything | undefined): Anything {
  const { name = "", labels = {}, annotations = {} } = found?.metadata ?? {};
  return { ...definitionKind, metadata: { name, labels, annotations }, spec: found?.spec };
}

/** The definition of ExternalSecrets with the field that later releases have. */
function withManifest(definition: Anything): Anything {
  const changed = JSON.parse(JSON.stringify(definition));
  for (const { schema } of changed.spec.versions) {
    schema.openAPIV3Schema.properties.spec.properties.target.properties.manifest = {
      type: "object",
      properties: { apiVersion: { type: "string" }, kind: { type: "string" } },
    };
  }
  return changed;
}
