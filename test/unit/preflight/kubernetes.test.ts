import { KubeConfig } from "@kubernetes/client-node";
import { afterEach, describe, expect, it } from "vitest";
import type { Problem } from "../../../config/problems.ts";
import type { Settings } from "../../../config/schema.ts";
import { kubernetesProblems } from "../../../preflight/kubernetes.ts";
import { settingsOf } from "../arbitrary-settings.ts";
import { type Answer, type FakeServer, fakeServer } from "./fake-server.ts";

const VERSION = "GET /version";
const DEFINITION =
  "GET /apis/apiextensions.k8s.io/v1/customresourcedefinitions/externalsecrets.external-secrets.io";
const STORES = "GET /apis/apiextensions.k8s.io/v1/customresourcedefinitions/secretstores.external-secrets.io";
const POLICIES = "GET /apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies";
const READY: Answer = [200, { major: "1", minor: "36", gitVersion: "v1.36.0" }];

const dev = settingsOf("dev");
const prod = settingsOf("prod");

let server: FakeServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function problemsOf(
  answers: Readonly<Record<string, Answer>>,
  settings: Settings = dev,
): Promise<readonly Problem[]> {
  server = await fakeServer({ [VERSION]: READY, [POLICIES]: [200, { items: [] }], ...answers });
  const { address } = server;
  return kubernetesProblems(settings, () => kubeConfig(address, settings.kubernetes.context));
}

function kubeConfig(address: string, context: string): KubeConfig {
  const config = new KubeConfig();
  config.loadFromOptions({
    clusters: [{ name: "one", server: address, skipTLSVerify: true }],
    users: [{ name: "one", token: "unit-test-token" }],
    contexts: [{ name: context, cluster: "one", user: "one" }],
    currentContext: "",
  });
  return config;
}

function definition(labels: Record<string, string>, version = "v1"): Answer {
  const spec = {
    group: "external-secrets.io",
    scope: "Namespaced",
    names: {},
    versions: [{ name: version, served: true }],
  };
  return [200, { metadata: { name: "externalsecrets.external-secrets.io", labels }, spec }];
}

function namespace(labels: Record<string, string> = {}): Answer {
  return [200, { metadata: { name: "llm", labels } }];
}

const ours = { "vault-management/environment": "dev" };

function existing(settings: Settings): Settings {
  return { ...settings, externalSecrets: { ...settings.externalSecrets, mode: "existing" } };
}

describe("the kubeconfig", () => {
  it("names the contexts there are when the declared one is missing", async () => {
    expect(await kubernetesProblems(dev, () => kubeConfig("http://127.0.0.1:1", "another"))).toEqual([
      expect.objectContaining({
        path: "kubernetes.context",
        found: expect.stringContaining('"voyager-dev"'),
        allowed: "another",
      }),
    ]);
  });

  it("is named when it cannot be read", async () => {
    const load = () => {
      throw new Error("bad indentation");
    };
    expect(await kubernetesProblems(dev, load)).toEqual([
      expect.objectContaining({ path: "the kubeconfig", found: "bad indentation" }),
    ]);
  });
});

describe("the Kubernetes API", () => {
  it("is fine when nothing of ours is there yet, and when all of it is; nothing is written", async () => {
    expect(await problemsOf({})).toEqual([]);
    expect(server?.requests.every((asked) => asked.startsWith("GET "))).toBe(true);
    await server?.close();
    expect(
      await problemsOf({
        [DEFINITION]: definition(ours),
        "GET /api/v1/namespaces/llm": namespace(ours),
        "GET /api/v1/namespaces/vault": namespace(ours),
      }),
    ).toEqual([]);
  });

  it("is refused when nobody listens", async () => {
    const { address, close } = await fakeServer({});
    await close();
    const problems = await kubernetesProblems(dev, () => kubeConfig(address, "voyager-dev"));
    expect(problems).toEqual([
      expect.objectContaining({
        path: "kubernetes.context",
        found: expect.stringMatching(/does not serve us: .*ECONNREFUSED/),
      }),
    ]);
  });

  it("is refused when it does not know us", async () => {
    expect(await problemsOf({ [VERSION]: [401, { kind: "Status", message: "Unauthorized" }] })).toEqual([
      expect.objectContaining({
        found: expect.stringContaining("401 Unauthorized"),
        fix: expect.stringContaining("renew the login"),
      }),
    ]);
  });
});

describe("the External Secrets Operator", () => {
  it.each([
    [
      "somebody else's",
      {},
      /nobody says whose/,
      /mode: existing.*or adopt it: .*vault-management\/environment=dev/,
    ],
    [
      "another stack's",
      { "vault-management/environment": "prod" },
      /environment "prod" has it/,
      /mode: existing/,
    ],
  ])("is refused as managed when it is %s", async (_whose, labels, found, fix) => {
    expect(await problemsOf({ [DEFINITION]: definition(labels) })).toEqual([
      expect.objectContaining({
        path: "externalSecrets.mode",
        found: expect.stringMatching(found),
        fix: expect.stringMatching(fix),
      }),
    ]);
  });

  it("is refused as existing when it is not there, or too old", async () => {
    expect(await problemsOf({ [STORES]: definition({}, "v1beta1") }, existing(dev))).toEqual([
      expect.objectContaining({ found: "existing, and no definition externalsecrets.external-secrets.io" }),
      expect.objectContaining({ found: "existing, and secretstores.external-secrets.io served as v1beta1" }),
    ]);
  });

  it("is refused as existing when this stack has installed it: the update would uninstall it", async () => {
    const problems = await problemsOf(
      { [DEFINITION]: definition(ours), [STORES]: definition(ours) },
      existing(dev),
    );
    expect(problems.map(({ found }) => found)).toEqual([
      expect.stringContaining("externalsecrets.external-secrets.io was installed by this stack"),
      expect.stringContaining("secretstores.external-secrets.io was installed by this stack"),
    ]);
    expect(problems[0]?.fix).toContain("pulumi state delete");
  });

  it("is fine as existing when it serves v1 and is somebody else's, another stack's included", async () => {
    const another = definition({ "vault-management/environment": "prod" });
    expect(await problemsOf({ [DEFINITION]: another, [STORES]: another }, existing(dev))).toEqual([]);
    await server?.close();
    expect(
      await problemsOf({ [DEFINITION]: definition({}), [STORES]: definition({}) }, existing(dev)),
    ).toEqual([]);
  });
});

describe("namespaces", () => {
  it("are missed where they are referred to", async () => {
    expect(await problemsOf({ "GET /api/v1/namespaces/llm": namespace() }, prod)).toEqual([
      expect.objectContaining({
        path: "namespaces.user.create",
        found: "false, and no namespace user",
        fix: expect.stringContaining("create: true"),
      }),
      expect.objectContaining({ found: expect.stringContaining("no namespace vault-monitoring") }),
    ]);
  });

  it("are refused where they would be created over somebody else's", async () => {
    const problems = await problemsOf({
      "GET /api/v1/namespaces/llm": namespace(),
      "GET /api/v1/namespaces/vault": namespace(),
    });
    expect(problems.map(({ path }) => path)).toEqual(["externalSecrets.namespace", "namespaces.llm.create"]);
    expect(problems[1]?.fix).toContain("declare create: false");
  });

  it("are named where they cannot be read", async () => {
    expect(await problemsOf({ "GET /api/v1/namespaces/llm": [403, { message: "forbidden here" }] })).toEqual([
      expect.objectContaining({
        path: "namespaces.llm.create",
        found: "namespace llm cannot be read: 403 forbidden here",
      }),
    ]);
  });
});

describe("what is in the namespaces already", () => {
  const accounts = "GET /api/v1/namespaces/llm/serviceaccounts";
  const secrets = "GET /apis/external-secrets.io/v1/namespaces/llm/externalsecrets";
  const objects = (name: string, labels: Record<string, string> = {}): Answer => [
    200,
    { items: [{ metadata: { name, labels } }, { metadata: { name: "default" } }] },
  ];

  it("is fine where it is this stack's own, or bears another name", async () => {
    const answers = { [accounts]: objects("vault-store", ours), [secrets]: objects("another") };
    expect(await problemsOf(answers)).toEqual([]);
  });

  it("is refused where somebody else made it, each by its field", async () => {
    const stage = { "vault-management/environment": "stage" };
    const answers = { [accounts]: objects("vault-store"), [secrets]: objects("openai-api-key", stage) };
    expect(await problemsOf(answers)).toMatchObject([
      {
        path: "namespaces.llm.store.serviceAccount",
        found: expect.stringContaining("ServiceAccount llm/vault-store"),
      },
      {
        path: "namespaces.llm.services.llm-gateway.secrets.openai-api-key",
        found: expect.stringContaining("ExternalSecret llm/openai-api-key"),
        fix: expect.stringContaining("choose another name"),
      },
    ]);
  });

  it("is named where it may not be listed", async () => {
    expect(await problemsOf({ [accounts]: [403, { message: "forbidden" }] })).toMatchObject([
      { path: "namespaces.llm", found: expect.stringContaining("ServiceAccount") },
    ]);
  });
});

describe("admission policies", () => {
  const policy = (labels: Record<string, string>): Answer => [
    200,
    { items: [{ metadata: { name: "vault-management-dev-stores", labels } }] },
  ];

  it("are no problem where they are this stack's", async () => {
    expect(await problemsOf({ [POLICIES]: policy(ours) })).toEqual([]);
  });

  it("are one where the API server does not know them", async () => {
    expect(await problemsOf({ [POLICIES]: [404, {}] })).toEqual([
      expect.objectContaining({ path: "kubernetes.context", allowed: "Kubernetes 1.30 or later" }),
    ]);
  });

  it("are one where the deployer may not see them", async () => {
    expect(await problemsOf({ [POLICIES]: [403, { message: "forbidden: no" }] })).toEqual([
      {
        path: "externalSecrets.admission",
        found: "validatingadmissionpolicies cannot be listed: 403 forbidden: no",
        allowed: expect.stringContaining("rights on admission policies"),
        fix: expect.stringMatching(/npm run bootstrap -- apply -s dev$/),
      },
    ]);
  });

  it("are one where somebody else has made one of our names", async () => {
    expect(await problemsOf({ [POLICIES]: policy({}) })).toEqual([
      expect.objectContaining({
        found: expect.stringContaining("vault-management-dev-stores that exists already"),
        fix: expect.stringContaining("kubectl delete validatingadmissionpolicy"),
      }),
    ]);
  });
});
