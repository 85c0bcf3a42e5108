import { afterAll, beforeAll, expect, it } from "vitest";
import { refOf } from "../../../clients/kubernetes.ts";
import type { RunningSandbox } from "../../../sandbox/sandbox.ts";
import type { Edit } from "../main-job/ground.ts";
import { type Anything, accepted, asAdministrator, DryRuns, definitionsOf, untilAnswer } from "./ground.ts";

const ESO = "external-secrets.io";
const GENERATORS = `generators.${ESO}/v1alpha1`;
const provider = { fake: { data: [{ key: "a", value: "b" }] } };
const password = { length: 12, digits: 3, symbols: 0, noUpper: false, allowRepeat: true };
const stores = { kind: "SecretStore", name: "vault-store" };
const pushed = {
  secretStoreRefs: [stores],
  selector: { secret: { name: "openai-api-key" } },
  data: [{ match: { secretKey: "api_key", remoteRef: { remoteKey: "llm/openai" } } }],
};
const externalSecretSpec = { secretStoreRef: stores, dataFrom: [{ extract: { key: "llm/openai" } }] };

function one(apiVersion: string, kind: string, spec: unknown, namespace?: string): Anything {
  return { apiVersion, kind, metadata: { name: "a", ...(namespace ? { namespace } : {}) }, spec };
}

const inNamespace = (namespace: string) => [
  one(`${ESO}/v1alpha1`, "PushSecret", pushed, namespace),
  one(GENERATORS, "Password", password, namespace),
  one(GENERATORS, "Fake", { data: { a: "b" } }, namespace),
  one(GENERATORS, "GeneratorState", { resource: {}, state: {} }, namespace),
];

const clusterWide = [
  one(`${ESO}/v1`, "ClusterSecretStore", { provider }),
  one(`${ESO}/v1`, "ClusterExternalSecret", { externalSecretSpec }),
  one(`${ESO}/v1alpha1`, "ClusterPushSecret", { pushSecretSpec: pushed }),
  one(GENERATORS, "ClusterGenerator", { kind: "Password", generator: { passwordSpec: password } }),
];

/** GeneratorState is the stack's own to install. */
const kinds = [...inNamespace("llm"), ...clusterWide]
  .map(({ kind }) => String(kind))
  .filter((kind) => kind !== "GeneratorState");

/** Kinds that nobody declared, where somebody has brought their definitions. */
export function kindChecks(
  sandbox: () => RunningSandbox,
  redeploy: (...edits: readonly Edit[]) => Promise<unknown>,
): void {
  let dry: DryRuns;
  let definitions: readonly Anything[] = [];

  beforeAll(async () => {
    definitions = await definitionsOf(sandbox(), kinds);
    await asAdministrator(sandbox(), (client) => Promise.all(definitions.map((one) => client.apply(one))));
    dry = new DryRuns(sandbox().kubernetes.kubeconfigs.admin);
    for (const object of [...inNamespace("llm"), ...clusterWide]) {
      await untilAnswer(`${object.kind} was served`, () => dry.create(object), /denied|^accepted$/);
    }
  });
  afterAll(() =>
    asAdministrator(sandbox(), (client) =>
      Promise.all(definitions.map((one) => client.delete(refOf(one), 60_000))),
    ),
  );

  it.each(inNamespace("llm").map((object) => [object.kind, object] as const))(
    "refuses %s in a declared namespace",
    async (kind, object) => {
      const answer = await dry.create(object);
      expect(answer).toContain(
        `kind: found ${kind}; allowed: none of these kinds in this stack's namespaces`,
      );
      expect(answer).toMatch(
        /fix: remove the object, or declare its kind: externalSecrets\.admission\.allow/,
      );
    },
  );

  it.each(inNamespace("default").map((object) => [object.kind, object] as const))(
    "leaves %s alone elsewhere",
    async (_kind, object) => {
      expect(await dry.create(object)).toBe(accepted);
    },
  );

  it.each(clusterWide.map((object) => [object.kind, object] as const))(
    "refuses %s in the cluster whose ESO the stack manages",
    async (kind, object) => {
      expect(await dry.create(object)).toContain(
        `kind: found ${kind}; allowed: none of these kinds in a cluster`,
      );
    },
  );

  it("lets a declared kind pass, and of a generator's state only ESO's own", async () => {
    await redeploy({
      externalSecrets: { admission: { allow: ["Password", "PushSecret", "ClusterSecretStore"] } },
    });
    const [push, generator, fake, state] = inNamespace("llm");
    const [store, externalSecret] = clusterWide;
    const ask = (object: Anything | undefined) => (object === undefined ? "" : dry.create(object));
    await untilAnswer("the policy was followed", async () => ask(generator), /^accepted$/);
    expect([await ask(push), await ask(store)]).toEqual([accepted, accepted]);
    expect(await ask(fake)).toMatch(/found Fake; allowed: Password, PushSecret, ClusterSecretStore/);
    expect(await ask(externalSecret)).toMatch(/found ClusterExternalSecret/);
    expect(await ask(state)).toMatch(
      /found GeneratorState by .*; allowed: GeneratorState by system:serviceaccount:vault:external-secrets/,
    );
    await redeploy();
    await untilAnswer("the policy was followed", async () => ask(generator), /found Password/);
  });
}
