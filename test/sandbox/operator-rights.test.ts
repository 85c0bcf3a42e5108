import {
  ApiException,
  AuthorizationV1Api,
  CoreV1Api,
  CustomObjectsApi,
  KubeConfig,
  RbacAuthorizationV1Api,
  type V1ResourceRule,
} from "@kubernetes/client-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { VaultClient } from "../../clients/vault.ts";
import {
  operatorClusterRules,
  operatorNamespaceRules,
  type PolicyRule,
  workloadNamespaceRules,
} from "../../components/external-secrets/rbac.ts";
import { directEngine } from "../../sandbox/engine/direct/engine.ts";
import { useSandbox } from "./harness.ts";
import { Cluster } from "./main-job/cluster.ts";
import { deploy, projectFolder, rootVault } from "./main-job/ground.ts";

const operator = { namespace: "vault", name: "external-secrets" };
/** No value is put, so none is waited for. */
const anyValue = { externalSecrets: { readiness: { mode: "report", timeout: "1s" } } };
const foreign = ["default", "kube-system", "kube-public", "kube-node-lease"];
const READS = ["get", "list", "watch"];

/** What RBAC gives ESO's own service account on a real API server, asked with its own token. */
describe("what ESO may do in the cluster", () => {
  let vault: VaultClient | undefined;
  let asAdmin: KubeConfig;
  let asOperator: KubeConfig;

  beforeAll(async () => {
    const sandbox = await useSandbox();
    vault = await rootVault(sandbox);
    await deploy({ engine: directEngine("the tests' own", projectFolder), sandbox, vault }, anyValue);
    asAdmin = new KubeConfig();
    asAdmin.loadFromFile(sandbox.kubernetes.kubeconfigs.admin);
    const server = asAdmin.getCurrentCluster();
    if (server === null) throw new Error("a kubeconfig without a cluster");
    asOperator = new KubeConfig();
    const token = await new Cluster(sandbox).token(operator);
    asOperator.loadFromClusterAndUser(server, { name: "external-secrets", token });
  });
  afterAll(() => vault?.close());

  /** Its rules in a namespace beyond those of every account, as texts: `verb resource[/names]`. */
  async function rights(namespace: string): Promise<readonly string[]> {
    const review = {
      apiVersion: "authorization.k8s.io/v1",
      kind: "SelfSubjectRulesReview",
      spec: { namespace },
    };
    const api = asOperator.makeApiClient(AuthorizationV1Api);
    const { status } = await api.createSelfSubjectRulesReview({ body: review });
    expect(status?.incomplete).toBe(false);
    const rules = (status?.resourceRules ?? []).filter(({ resources }) => !everyAccounts(resources ?? []));
    return texts(rules);
  }

  it.each(foreign)("is to read in %s, and nothing else", async (namespace) => {
    expect(await rights(namespace)).toEqual(texts(operatorClusterRules()));
    const verbs = operatorClusterRules().flatMap((rule) => rule.verbs);
    expect(verbs.filter((verb) => !READS.includes(verb))).toEqual([]);
  });

  it.each(["llm", "user"])(
    "is to write Secrets and statuses in %s, and to ask for one account's token",
    async (namespace) => {
      const rules = [...operatorClusterRules(), ...workloadNamespaceRules(["vault-store"])];
      expect(await rights(namespace)).toEqual(texts(rules));
    },
  );

  it("is to hold its lease in its own namespace", async () => {
    expect(await rights("vault")).toEqual(texts([...operatorClusterRules(), ...operatorNamespaceRules()]));
  });

  it("holds in every namespace that there is", async () => {
    const { items } = await asAdmin.makeApiClient(CoreV1Api).listNamespace();
    const names = items.map(({ metadata }) => metadata?.name ?? "");
    for (const name of names.filter((one) => !["llm", "user", "vault"].includes(one))) {
      expect([name, await rights(name)]).toEqual([name, texts(operatorClusterRules())]);
    }
  });

  it("comes by no other binding", async () => {
    const { items } = await asAdmin.makeApiClient(RbacAuthorizationV1Api).listClusterRoleBinding();
    const bound = items.filter(({ subjects }) =>
      (subjects ?? []).some(
        ({ name, namespace }) => name === operator.name && namespace === operator.namespace,
      ),
    );
    expect(bound.map(({ metadata }) => metadata?.name)).toEqual(["vault-management:dev:external-secrets"]);
  });

  it("leaves it the list of all Secrets, and so their content: this is what remains", async () => {
    const { items } = await asOperator.makeApiClient(CoreV1Api).listSecretForAllNamespaces();
    expect(items.map(({ metadata }) => metadata?.namespace)).toContain("vault");
  });

  it("refuses it everything else that was tried", async () => {
    const core = asOperator.makeApiClient(CoreV1Api);
    const custom = asOperator.makeApiClient(CustomObjectsApi);
    const secret = { metadata: { name: "planted" }, stringData: { a: "b" } };
    const store = {
      apiVersion: "external-secrets.io/v1",
      kind: "SecretStore",
      metadata: { name: "planted" },
    };
    const stores = { group: "external-secrets.io", version: "v1", plural: "secretstores" };
    const tried = {
      "get a Secret elsewhere": () => core.readNamespacedSecret({ namespace: "default", name: "any" }),
      "create a Secret elsewhere": () => core.createNamespacedSecret({ namespace: "default", body: secret }),
      "delete a Secret elsewhere": () =>
        core.deleteNamespacedSecret({ namespace: "kube-system", name: "any" }),
      "read a ConfigMap": () => core.readNamespacedConfigMap({ namespace: "llm", name: "kube-root-ca.crt" }),
      "create a pod": () =>
        core.createNamespacedPod({ namespace: "llm", body: { metadata: { name: "planted" } } }),
      "create a store": () =>
        custom.createNamespacedCustomObject({ ...stores, namespace: "llm", body: store }),
      "list nodes": () => core.listNode(),
    };
    const codes = Object.entries(tried).map(async ([what, ask]) => [what, await codeOf(ask)] as const);
    expect(Object.fromEntries(await Promise.all(codes))).toEqual(
      Object.fromEntries(Object.keys(tried).map((what) => [what, 403])),
    );
  });
});

async function codeOf(ask: () => Promise<unknown>): Promise<number> {
  try {
    await ask();
    return 200;
  } catch (error) {
    if (error instanceof ApiException) return error.code;
    throw error;
  }
}

/** What the API server gives every authenticated account: to ask about itself. */
function everyAccounts(resources: readonly string[]): boolean {
  const about = ["selfsubjectaccessreviews", "selfsubjectrulesreviews", "selfsubjectreviews"];
  return resources.length > 0 && resources.every((resource) => about.includes(resource));
}

/** Every right of some rules, each once, sorted. */
function texts(rules: readonly (V1ResourceRule | PolicyRule)[]): readonly string[] {
  const all = rules.flatMap(({ apiGroups, resources, resourceNames, verbs }) =>
    (apiGroups ?? []).flatMap((group) =>
      (resources ?? []).flatMap((resource) =>
        verbs.flatMap((verb) =>
          (resourceNames ?? []).length === 0
            ? [`${verb} ${resource}.${group}`]
            : (resourceNames ?? []).map((name) => `${verb} ${resource}.${group}/${name}`),
        ),
      ),
    ),
  );
  return [...new Set(all)].sort();
}
