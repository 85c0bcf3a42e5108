import { KubeConfig } from "@kubernetes/client-node";
import { afterEach, describe, expect, it } from "vitest";
import { withVault } from "../../../clients/vault.ts";
import { kubernetesProblems } from "../../../preflight/kubernetes.ts";
import { rotationProblems } from "../../../preflight/rotation.ts";
import { rotating } from "../rotation/declarations.ts";
import { type Answer, type FakeServer, fakeServer } from "./fake-server.ts";

const dev = rotating();

describe("the admin credential", () => {
  const path = "GET /v1/kv/subkeys/platform/openai-admin";
  const mounts = { "kv/": {} };

  async function problemsWith(answers: Readonly<Record<string, Answer>>, there: object = mounts) {
    const vault = await fakeServer(answers);
    const found = await withVault({ address: vault.address, token: "unit-test-token" }, (client) =>
      rotationProblems(client, dev, { ...there }),
    );
    await vault.close();
    return found;
  }

  it("must be there with the declared property, once its mount is", async () => {
    const subkeys = (names: object): Answer => [200, { data: { subkeys: names, metadata: {} } }];
    expect(await problemsWith({ [path]: subkeys({ api_key: null }) })).toEqual([]);
    expect(await problemsWith({}, {})).toEqual([]);
    expect(await problemsWith({ [path]: [403, { errors: ["permission denied"] }] })).toEqual([]);
    for (const [answers, found] of [
      [{}, "nothing at kv/platform/openai-admin in Vault, or its newest version is deleted"],
      [{ [path]: subkeys({ token: null }) }, "kv/platform/openai-admin with token, and without api_key"],
    ] as const) {
      expect(await problemsWith(answers)).toEqual([
        {
          path: "rotation.keys.openai-llm.admin",
          found,
          allowed: expect.any(String),
          fix: expect.stringContaining("npm run secrets -- put platform/openai-admin -p api_key --stack dev"),
        },
      ]);
    }
  });
});

describe("the rotators' namespace", () => {
  let server: FakeServer | undefined;
  afterEach(() => server?.close());

  async function problemsOf(answers: Readonly<Record<string, Answer>>, create: boolean) {
    const { rotation } = dev;
    if (rotation === undefined) throw new Error("no rotation");
    server = await fakeServer({
      "GET /version": [200, { major: "1", minor: "36", gitVersion: "v1.36.0" }],
      "GET /apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies": [200, { items: [] }],
      ...answers,
    });
    const config = new KubeConfig();
    config.loadFromOptions({
      clusters: [{ name: "one", server: server.address, skipTLSVerify: true }],
      users: [{ name: "one" }],
      contexts: [{ name: dev.kubernetes.context, cluster: "one", user: "one" }],
    });
    return kubernetesProblems({ ...dev, rotation: { ...rotation, create } }, () => config);
  }

  const namespace = (labels: object): Answer => [200, { metadata: { name: "vault-rotation", labels } }];
  const path = "GET /api/v1/namespaces/vault-rotation";

  it("must be there where the stack makes none, and must not be another's where it does", async () => {
    expect(await problemsOf({}, true)).toEqual([]);
    await server?.close();
    expect(await problemsOf({ [path]: namespace({}) }, false)).toEqual(
      expect.not.arrayContaining([expect.objectContaining({ path: "rotation.namespace" })]),
    );
    await server?.close();
    expect(await problemsOf({}, false)).toContainEqual(
      expect.objectContaining({
        path: "rotation.namespace",
        fix: expect.stringContaining("kubectl create namespace vault-rotation"),
      }),
    );
    await server?.close();
    expect(await problemsOf({ [path]: namespace({}) }, true)).toContainEqual(
      expect.objectContaining({
        path: "rotation.namespace",
        found: expect.stringContaining("not this stack's"),
      }),
    );
  });
});
