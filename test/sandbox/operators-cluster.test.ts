import { KubeConfig } from "@kubernetes/client-node";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { releaseBindings } from "../../access/operators/kubernetes.ts";
import { applyKubernetes } from "../../cli/bootstrap/apply.ts";
import { planKubernetes } from "../../cli/bootstrap/cluster.ts";
import {
  operatorClusterRules,
  operatorSubject,
  type PolicyRule,
  tokenReviewRules,
  workloadNamespaceRules,
} from "../../components/external-secrets/rbac.ts";
import type { Settings } from "../../config/schema.ts";
import { rightsInForce } from "../../preflight/rights-in-force.ts";
import type { RunningSandbox } from "../../sandbox/sandbox.ts";
import { useSandbox } from "./harness.ts";
import { type Api, apiAs, kubeConfigAs } from "./operators/api.ts";
import { settingsFor } from "./operators/ground.ts";

const RBAC = "/apis/rbac.authorization.k8s.io/v1";
const ROLE = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole" };
const reviews = "vault-management:optest:token-review";
const own = "optest-a";
const deployers = { kind: "Group", name: "optest:deployer", apiGroup: ROLE.apiGroup };
const dry = "?dryRun=All";

/** Operators' rights on a real API server, by client certificates: what they must do, and what they must not. */
describe("operators in Kubernetes", () => {
  let sandbox: RunningSandbox;
  let settings: Settings;
  let admin: KubeConfig;
  let api: Readonly<Record<"admin" | "deployer" | "previewer" | "auditor", Api>>;

  beforeAll(async () => {
    sandbox = await useSandbox();
    settings = settingsFor(sandbox);
    admin = new KubeConfig();
    admin.loadFromFile(sandbox.kubernetes.kubeconfigs.admin);
    await applyKubernetes(admin, settings);
    api = {
      admin: await apiAs(sandbox, "system:masters"),
      deployer: await apiAs(sandbox, "optest:deployer"),
      previewer: await apiAs(sandbox, "optest:previewer"),
      auditor: await apiAs(sandbox, "optest:auditor"),
    };
    // API servers follow an admission policy a moment after it is written, and each in its own time.
    const refused = (who: Api, path: string, body: object, reason: string) =>
      vi.waitFor(async () => expect((await who.ask("POST", path, body)).text).toContain(reason), {
        timeout: 30_000,
        interval: 250,
      });
    const probe = namespace("optest-probe");
    const foreign = role("ClusterRole", "optest-probe", tokenReviewRules());
    await Promise.all([
      refused(api.previewer, "/api/v1/namespaces", probe, "only dry runs"),
      refused(api.deployer, `${RBAC}/clusterroles${dry}`, foreign, "own roles"),
      refused(
        api.deployer,
        `/api/v1/namespaces/default/serviceaccounts${dry}`,
        { metadata: probe.metadata },
        "declared namespaces",
      ),
    ]);
  });

  afterAll(async () => {
    for (const name of [own, "optest-operator", "optest-foreign", "optest-probe"]) {
      await api.admin.ask("DELETE", `/api/v1/namespaces/${name}`);
    }
    for (const kind of ["clusterroles", "clusterrolebindings"]) {
      for (const name of [reviews, `${reviews}:${own}`]) {
        await api.admin.ask("DELETE", `${RBAC}/${kind}/${encodeURIComponent(name)}`);
      }
    }
    const nobody = { ...settings, operators: {} };
    await applyKubernetes(admin, nobody);
    expect((await planKubernetes(admin, nobody)).length).toBe(0);
    await Promise.all(Object.values(api).map((one) => one.close()));
  });

  it("are set up once: a second run finds everything as declared", async () => {
    const steps = await planKubernetes(admin, settings);
    expect(steps.length).toBe(17);
    expect(steps.filter(({ action }) => action !== "keep")).toEqual([]);
  });

  it("are not set up by somebody without the rights: the object and the reason are named", async () => {
    const deployer = new KubeConfig();
    const { server = "", caData = "" } = admin.getCurrentCluster() ?? {};
    deployer.loadFromOptions({
      clusters: [{ name: "one", server, caData }],
      users: [{ name: "nobody", token: "none" }],
      contexts: [{ name: "one", cluster: "one", user: "nobody" }],
      currentContext: "one",
    });
    await expect(planKubernetes(deployer, settings)).rejects.toThrow(/Unauthorized/);
  });

  describe("the deployer", () => {
    it("makes the declared namespaces, the program's roles, and binds them to the declared accounts", async () => {
      const made = await Promise.all([
        api.deployer.ask("POST", "/api/v1/namespaces", namespace(own)),
        api.deployer.ask("POST", "/api/v1/namespaces", namespace("optest-operator")),
        api.deployer.ask("POST", `${RBAC}/clusterroles`, role("ClusterRole", reviews, tokenReviewRules())),
      ]);
      expect(made.map(({ status }) => status)).toEqual([201, 201, 201]);
      const bound = [
        await api.deployer.ask(
          "POST",
          `${RBAC}/clusterrolebindings`,
          reviewBinding(account(own, "vault-store")),
        ),
        await api.deployer.ask(
          "POST",
          `${RBAC}/namespaces/${own}/roles`,
          role("Role", "external-secrets", workloadNamespaceRules(["vault-store"])),
        ),
        await api.deployer.ask("POST", `${RBAC}/namespaces/${own}/rolebindings`, {
          metadata: { name: "external-secrets" },
          roleRef: { ...ROLE, kind: "Role", name: "external-secrets" },
          subjects: [operatorSubject(settings.externalSecrets)],
        }),
      ];
      expect(bound.map(({ status, text }) => [status, status === 201 ? "" : text])).toEqual(
        bound.map(() => [201, ""]),
      );
    });

    it("reads Secrets of the release's namespace once the stack has bound it there, and no others", async () => {
      const secrets = (name: string) => api.deployer.ask("GET", `/api/v1/namespaces/${name}/secrets`);
      expect((await secrets("optest-operator")).status).toBe(403);
      let waited = false;
      const config = await kubeConfigAs(sandbox, "optest:deployer");
      const inForce = rightsInForce(
        config.getCurrentContext(),
        () => config,
      )("optest-operator").then(() => {
        waited = true;
      });
      expect((await secrets("optest-operator")).status).toBe(403);
      expect(waited).toBe(false);
      for (const binding of releaseBindings(settings)) {
        const path = `${RBAC}/namespaces/${binding.metadata.namespace}/rolebindings`;
        expect((await api.deployer.ask("POST", path, binding)).status).toBe(201);
      }
      // As an update waits, before it makes what takes these rights.
      await inForce;
      expect((await secrets("optest-operator")).status).toBe(200);
      for (const elsewhere of [own, "kube-system"]) expect((await secrets(elsewhere)).status).toBe(403);
      expect((await api.deployer.ask("GET", "/api/v1/secrets")).status).toBe(403);
    });

    it.each([
      [
        "a role of another name",
        "POST",
        `${RBAC}/clusterroles`,
        role("ClusterRole", "mine", tokenReviewRules()),
        /own roles/,
      ],
      [
        "its role with other rules",
        "PATCH",
        `${RBAC}/clusterroles/${encodeURIComponent(reviews)}?fieldManager=x&force=true`,
        role("ClusterRole", reviews, [{ apiGroups: ["*"], resources: ["*"], verbs: ["*"] }]),
        /own roles/,
      ],
      [
        "a role that the controller would fill with others' rules",
        "PATCH",
        `${RBAC}/clusterroles/${encodeURIComponent(reviews)}?fieldManager=x&force=true`,
        {
          ...role("ClusterRole", reviews, tokenReviewRules()),
          aggregationRule: { clusterRoleSelectors: [{ matchLabels: {} }] },
        },
        /own roles/,
      ],
      [
        "to bind its role to itself",
        "PATCH",
        `${RBAC}/clusterrolebindings/${encodeURIComponent(`${reviews}:${own}`)}?fieldManager=x&force=true`,
        reviewBinding(deployers),
        /own roles/,
      ],
      [
        "to bind ESO's rights in a namespace to itself",
        "POST",
        `${RBAC}/namespaces/${own}/rolebindings`,
        roleBinding("Role", "external-secrets", deployers),
        /own roles/,
      ],
      [
        "Helm's Secrets of another namespace",
        "POST",
        `${RBAC}/namespaces/${own}/rolebindings`,
        roleBinding("ClusterRole", "vault-management:optest:release", deployers),
        /own roles/,
      ],
      [
        "to give a store's account another role of the program's",
        "POST",
        `${RBAC}/clusterrolebindings`,
        {
          metadata: { name: "vault-management:optest:external-secrets" },
          roleRef: { ...ROLE, name: "vault-management:optest:external-secrets" },
          subjects: [account(own, "vault-store")],
        },
        /own roles/,
      ],
      [
        "one of its roles the rules of another",
        "PATCH",
        `${RBAC}/clusterroles/${encodeURIComponent(reviews)}?fieldManager=x&force=true`,
        role("ClusterRole", reviews, operatorClusterRules()),
        /own roles/,
      ],
      [
        "to bind cluster-admin",
        "POST",
        `${RBAC}/clusterrolebindings`,
        { metadata: { name: reviews }, roleRef: { ...ROLE, name: "cluster-admin" }, subjects: [] },
        /cluster-admin|own roles|forbidden/,
      ],
      [
        "a role in another namespace",
        "POST",
        `${RBAC}/namespaces/kube-system/roles`,
        role("Role", "external-secrets", workloadNamespaceRules(["vault-store"])),
        // Two admission policies refuse it, and the API server says whichever it asked first.
        /declared namespaces|own roles/,
      ],
      [
        "a service account elsewhere",
        "POST",
        "/api/v1/namespaces/kube-system/serviceaccounts",
        { metadata: { name: "x" } },
        /declared namespaces/,
      ],
      ["another's token", "POST", `/api/v1/namespaces/${own}/serviceaccounts/default/token`, {}, /forbidden/],
      ["a pod", "POST", `/api/v1/namespaces/${own}/pods`, {}, /forbidden/],
      ["another namespace's end", "DELETE", "/api/v1/namespaces/default", undefined, /forbidden/],
      [
        "the policy that confines it",
        "DELETE",
        "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies/vault-management-optest-operator-roles",
        undefined,
        /forbidden/,
      ],
      [
        "its own rights",
        "DELETE",
        `${RBAC}/clusterroles/vault-management:optest:deployer`,
        undefined,
        /forbidden/,
      ],
    ] as const)("is refused %s", async (_what, method, path, body, reason) => {
      const { status, text } = await api.deployer.ask(method, path, body);
      expect(text).toMatch(reason);
      expect(status).toBeGreaterThanOrEqual(403);
    });
  });

  it("let the deployer write the metadata of a binding that holds an earlier declaration's account, and no more", async () => {
    const path = `${RBAC}/clusterrolebindings/${encodeURIComponent(`${reviews}:${own}`)}?fieldManager=x&force=true`;
    const earlier = reviewBinding(account(own, "earlier-store"));
    expect((await api.admin.ask("PATCH", path, earlier)).status).toBe(200);
    const labelled = { ...earlier, metadata: { ...earlier.metadata, labels: { any: "label" } } };
    expect((await api.deployer.ask("PATCH", path, labelled)).status).toBe(200);
    const widened = { ...labelled, subjects: [...labelled.subjects, account(own, "another-store")] };
    expect((await api.deployer.ask("PATCH", path, widened)).text).toMatch(/own roles/);
    const declared = reviewBinding(account(own, "vault-store"));
    expect((await api.deployer.ask("PATCH", path, declared)).status).toBe(200);
  });

  describe("the previewer", () => {
    it("tries what an update would do, as dry runs, and changes nothing", async () => {
      const tried = await api.previewer.ask("POST", `/api/v1/namespaces${dry}`, namespace("optest-foreign"));
      expect(tried.status).toBe(201);
      const path = `/api/v1/namespaces/${own}/serviceaccounts/x${dry}&fieldManager=x`;
      const object = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "x", namespace: own } };
      expect((await api.previewer.ask("PATCH", path, object)).status).toBe(201);
      expect((await api.admin.ask("GET", "/api/v1/namespaces/optest-foreign")).status).toBe(404);
      expect((await api.admin.ask("GET", `/api/v1/namespaces/${own}/serviceaccounts/x`)).status).toBe(404);
    });

    it.each([
      ["POST", "/api/v1/namespaces", { metadata: { name: "optest-foreign" } }],
      ["POST", `/api/v1/namespaces/${own}/serviceaccounts`, { metadata: { name: "x" } }],
      ["DELETE", `${RBAC}/namespaces/${own}/roles/external-secrets`, undefined],
      ["DELETE", `/api/v1/namespaces/${own}`, undefined],
    ])("is refused %s %s without a dry run", async (method, path, body) => {
      expect(await api.previewer.ask(method, path, body)).toMatchObject({
        status: 403,
        text: expect.stringContaining("only dry runs"),
      });
    });

    it("may ask what it may do, and write no admission policy, of which dry runs cannot be asked", async () => {
      const review = { spec: { resourceAttributes: { verb: "get", resource: "namespaces" } } };
      const path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
      expect((await api.previewer.ask("POST", path, review)).status).toBe(201);
      const policies = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies";
      expect((await api.previewer.ask("GET", policies)).status).toBe(200);
      expect((await api.previewer.ask("POST", `${policies}${dry}`, {})).status).toBe(403);
    });
  });

  describe("the auditor", () => {
    const token = (name: string, accountName: string) =>
      api.auditor.ask("POST", `/api/v1/namespaces/${name}/serviceaccounts/${accountName}/token`, {
        spec: { audiences: ["vault"], expirationSeconds: 600 },
      });

    it("gets tokens of the declared service accounts, in the declared namespaces alone", async () => {
      await api.admin.ask("POST", "/api/v1/namespaces", namespace("optest-foreign"));
      for (const at of [own, "optest-foreign"]) {
        await api.admin.ask("POST", `/api/v1/namespaces/${at}/serviceaccounts`, {
          metadata: { name: "vault-store" },
        });
      }
      expect((await token(own, "vault-store")).status).toBe(201);
      expect(await token("optest-foreign", "vault-store")).toMatchObject({
        status: 403,
        text: expect.stringContaining("declared namespaces"),
      });
      expect((await token(own, "default")).status).toBe(403);
    });

    it("reads no Secret and writes nothing", async () => {
      expect((await api.auditor.ask("GET", `/api/v1/namespaces/${own}/secrets`)).status).toBe(403);
      const made = await api.auditor.ask("POST", `/api/v1/namespaces/${own}/serviceaccounts`, {
        metadata: { name: "x" },
      });
      expect(made.status).toBe(403);
    });
  });
});

function namespace(name: string) {
  return { apiVersion: "v1", kind: "Namespace", metadata: { name } };
}

function role(kind: "ClusterRole" | "Role", name: string, rules: PolicyRule[]) {
  return { apiVersion: "rbac.authorization.k8s.io/v1", kind, metadata: { name }, rules };
}

function account(at: string, name: string) {
  return { kind: "ServiceAccount", name, namespace: at };
}

function roleBinding(kind: "ClusterRole" | "Role", name: string, subject: object) {
  return { metadata: { name: "mine" }, roleRef: { ...ROLE, kind, name }, subjects: [subject] };
}

function reviewBinding(subject: object) {
  return {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRoleBinding",
    metadata: { name: `${reviews}:${own}` },
    roleRef: { ...ROLE, name: reviews },
    subjects: [subject],
  };
}
