import { setTimeout } from "node:timers/promises";
import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { createProviders } from "../../../components/providers.ts";
import type { RightsInForce } from "../../../components/rights-in-force.ts";
import { RUN_SECONDS } from "../../../components/rotation/cron-jobs.ts";
import { Rotations } from "../../../components/rotation/rotations.ts";
import type { Settings } from "../../../config/schema.ts";
import { exitCodes } from "../../../jobs/rotator/errors.ts";
import { requiredRules } from "../../../jobs/rotator/grants.ts";
import { limitsOf, rotationSpec } from "../../../jobs/rotator/spec.ts";
import { grantsOf } from "../../../policy/rules/grants.ts";
import { holdsSecret, only, type RecordedResource, recordResources } from "../pulumi-mocks.ts";
import { rotating } from "./declarations.ts";

const RBAC = "kubernetes:rbac.authorization.k8s.io/v1";
const CRON_JOB = "kubernetes:batch/v1:CronJob";
const CONFIG_MAP = "kubernetes:core/v1:ConfigMap";
const POLICY = "vault:index/policy:Policy";
const ROLE = "vault:kubernetes/authBackendRole:AuthBackendRole";
const RULE = "kubernetes:monitoring.coreos.com/v1:PrometheusRule";

function build(settings: Settings, rightsInForce?: RightsInForce) {
  const { rotation } = settings;
  if (rotation === undefined) throw new Error("no rotation");
  return recordResources(() => {
    const { vault, kubernetes } = createProviders(settings);
    const alerting = settings.monitoring.prometheusRules;
    const args = { settings, rotation, alerting, authMount: "kubernetes", namespaces: { llm: "llm" } };
    const waiting = rightsInForce === undefined ? {} : { rightsInForce };
    new Rotations("rotation", { ...args, ...waiting }, { providers: { vault, kubernetes } });
  });
}

const restart = [{ namespace: "llm", kind: "Deployment", name: "gateway" }];
const dev = await build(rotating({ "openai-llm": { restart } }));
const { vault: devVault, kubernetes: devKubernetes, ...rest } = rotating();
const withCa: Settings = {
  ...rest,
  kubernetes: devKubernetes,
  vault: {
    ...devVault,
    caCertificate: "pem\n",
    auth: { ...devVault.auth, method: "jwt", mount: "jwt" },
  },
};
const jwt = await build({ ...withCa, monitoring: { ...withCa.monitoring, prometheusRules: true } });

function podOf(resources: readonly RecordedResource[], name: string) {
  const { spec } = only(resources, CRON_JOB, name).inputs as {
    readonly spec: {
      readonly jobTemplate: { readonly spec: { readonly template: { readonly spec: Fields } } };
    };
  };
  return spec.jobTemplate.spec.template.spec;
}

type Fields = Readonly<Record<string, unknown>>;

function specIn(resources: readonly RecordedResource[]) {
  const { data } = only(resources, CONFIG_MAP, "vault-rotation/rotate-openai-llm").inputs as {
    readonly data: Readonly<Record<string, string>>;
  };
  return rotationSpec.parse(JSON.parse(data["spec.json"] ?? ""));
}

describe("a key's CronJobs", () => {
  it("rotate on the declared schedule, moved within the hour, and revoke every six hours", () => {
    const rotate = only(dev, CRON_JOB, "vault-rotation/rotate-openai-llm").inputs;
    expect(rotate).toMatchObject({
      metadata: {
        name: "rotate-openai-llm",
        namespace: "vault-rotation",
        labels: { "vault-management/environment": "dev", "vault-management/rotation": "openai-llm" },
      },
      spec: {
        schedule: expect.stringMatching(/^\d+ 3 \* \* 1$/),
        timeZone: "Etc/UTC",
        concurrencyPolicy: "Forbid",
        startingDeadlineSeconds: expect.any(Number),
        successfulJobsHistoryLimit: 3,
        failedJobsHistoryLimit: 3,
        jobTemplate: { spec: { activeDeadlineSeconds: RUN_SECONDS, backoffLimit: 3 } },
      },
    });
    const finish = only(dev, CRON_JOB, "vault-rotation/finish-openai-llm").inputs;
    expect(finish).toMatchObject({
      spec: { schedule: expect.stringMatching(/^\d+ \*\/6 \* \* \*$/), concurrencyPolicy: "Forbid" },
    });
  });

  it("run the program unprivileged, from files that cannot be written, with no token but the mounted one", () => {
    for (const kind of ["rotate", "finish"]) {
      expect(podOf(dev, `vault-rotation/${kind}-openai-llm`)).toMatchObject({
        serviceAccountName: "rotate-openai-llm",
        automountServiceAccountToken: false,
        restartPolicy: "Never",
        securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
        containers: [
          {
            image: expect.stringMatching(/@sha256:[0-9a-f]{64}$/),
            command: ["node", "/opt/rotator/rotator.mjs", kind, "/etc/rotator/spec.json"],
            securityContext: {
              allowPrivilegeEscalation: false,
              readOnlyRootFilesystem: true,
              capabilities: { drop: ["ALL"] },
            },
            resources: { limits: { memory: expect.any(String) } },
          },
        ],
      });
    }
  });

  it("leave a run more time than all its patience", () => {
    const { request, retry, test, sync } = limitsOf(specIn(dev));
    expect(RUN_SECONDS).toBeGreaterThan(2 * (request + retry + test + sync));
  });

  it("fail at once where no retry mends it: the new key is refused, or nobody has put one", () => {
    for (const name of ["rotate", "finish"]) {
      const { inputs } = only(dev, CRON_JOB, `vault-rotation/${name}-openai-llm`);
      expect(inputs.spec).toMatchObject({
        jobTemplate: {
          spec: {
            podFailurePolicy: {
              rules: [
                {
                  action: "FailJob",
                  onExitCodes: { operator: "In", values: [exitCodes.refusedKey, exitCodes.waiting] },
                },
              ],
            },
          },
        },
      });
    }
  });

  it("come after the rights that an update gives itself, once the API server follows them", async () => {
    const asked: string[] = [];
    const made = await build(rotating(), async (namespace) => {
      asked.push(namespace);
      await setTimeout(200);
      new pulumi.ComponentResource("test:InForce", namespace);
    });
    const order = made.map(({ type, name }) => `${type} ${name}`);
    const inForce = order.indexOf("test:InForce vault-rotation");
    expect(asked).toContain("vault-rotation");
    expect(inForce).toBeGreaterThan(0);
    expect(order.indexOf(`${CONFIG_MAP} vault-rotation/rotator`)).toBeGreaterThan(inForce);
    const policies = made.filter(({ type }) => type.endsWith(":NetworkPolicy"));
    expect(policies.length).toBeGreaterThan(0);
    for (const policy of policies) expect(made.indexOf(policy)).toBeGreaterThan(inForce);
  });

  it("start once everything they need is there", () => {
    for (const kind of ["rotate", "finish"]) {
      const needs = only(dev, CRON_JOB, `vault-rotation/${kind}-openai-llm`).dependencies;
      const rights = dev.filter(({ type }) => [ROLE, `${RBAC}:Role`, CONFIG_MAP].includes(type));
      expect(rights.length).toBe(5);
      expect(needs).toEqual(expect.arrayContaining(rights.map(({ urn }) => urn)));
    }
  });

  it("find Vault by its CA where one is declared", () => {
    const [container] = podOf(jwt, "vault-rotation/rotate-openai-llm").containers as readonly Fields[];
    expect(container?.env).toContainEqual({ name: "VAULT_CACERT", value: "/etc/rotator/vault-ca.crt" });
    const { data } = only(jwt, CONFIG_MAP, "vault-rotation/rotate-openai-llm").inputs;
    expect(data).toMatchObject({ "vault-ca.crt": "pem\n" });
    expect(JSON.stringify(podOf(dev, "vault-rotation/rotate-openai-llm"))).not.toContain("VAULT_CACERT");
  });
});

describe("ConfigMaps", () => {
  it("are named by what is in them and never change", () => {
    const name = (resources: readonly RecordedResource[], which: string) => {
      const { inputs } = only(resources, CONFIG_MAP, `vault-rotation/${which}`);
      expect(inputs.immutable).toBe(true);
      return (inputs.metadata as { readonly name: string }).name;
    };
    expect(name(dev, "rotator")).toMatch(/^rotator-[0-9a-f]{12}$/);
    expect(name(dev, "rotator")).toBe(name(jwt, "rotator"));
    expect(name(dev, "rotate-openai-llm")).not.toBe(name(jwt, "rotate-openai-llm"));
  });

  it("tell the rotator places and names, as it takes them", () => {
    expect(specIn(dev)).toMatchObject({
      environment: "dev",
      key: "openai-llm",
      vault: { role: "voyager-platform-vault-rotation.openai-llm", authMount: "kubernetes" },
      account: { namespace: "vault-rotation", serviceAccount: "rotate-openai-llm" },
      overlapSeconds: 86_400,
    });
    expect(specIn(dev).vault.audiences).toHaveLength(2);
    expect(specIn(jwt).vault.audiences).toEqual(["vault"]);
  });
});

describe("a rotator's rights", () => {
  it("in Vault are its two slots, its report and its admin credential, for as long as a run lasts", () => {
    const { policy } = only(dev, POLICY).inputs as { readonly policy: string };
    expect(grantsOf(policy)).toEqual([
      { path: "kv/data/llm/openai", capabilities: ["create", "read", "update"] },
      { path: "kv/data/rotation/openai-llm", capabilities: ["create", "read", "update"] },
      { path: "kv/metadata/rotation/openai-llm", capabilities: ["patch"] },
      { path: "kv/data/platform/openai-admin", capabilities: ["read"] },
      { path: "auth/token/revoke-self", capabilities: ["update"] },
    ]);
    expect(only(dev, ROLE).inputs).toEqual({
      backend: "kubernetes",
      roleName: "voyager-platform-vault-rotation.openai-llm",
      boundServiceAccountNames: ["rotate-openai-llm"],
      boundServiceAccountNamespaces: ["vault-rotation"],
      audience: "vault",
      tokenPolicies: ["voyager-platform.vault-rotation.openai-llm"],
      tokenNoDefaultPolicy: true,
      tokenTtl: RUN_SECONDS,
      tokenMaxTtl: RUN_SECONDS,
      tokenBoundCidrs: [],
      tokenType: "service",
    });
    expect(only(jwt, "vault:jwt/authBackendRole:AuthBackendRole").inputs).toMatchObject({
      boundSubject: "system:serviceaccount:vault-rotation:rotate-openai-llm",
      boundAudiences: ["vault"],
    });
  });

  it("in the cluster are those that its program says it needs, in its consumers' namespaces", () => {
    const roles = dev.filter(({ type }) => type === `${RBAC}:Role`);
    const rules = Object.fromEntries(
      roles.map(({ inputs }) => [
        (inputs.metadata as { readonly namespace: string }).namespace,
        inputs.rules,
      ]),
    );
    expect(rules).toEqual(requiredRules(specIn(dev)));
    const bound = dev.filter(
      ({ type, name }) => type === `${RBAC}:RoleBinding` && name.endsWith("openai-llm"),
    );
    expect(bound).toHaveLength(roles.length);
    for (const { inputs } of bound) {
      expect(inputs).toMatchObject({
        roleRef: { kind: "Role", name: "rotate-openai-llm" },
        subjects: [{ kind: "ServiceAccount", name: "rotate-openai-llm", namespace: "vault-rotation" }],
      });
    }
  });

  it("include a review of its login with method kubernetes alone", () => {
    expect(only(dev, `${RBAC}:ClusterRoleBinding`).inputs).toMatchObject({
      metadata: { name: "vault-management:dev:token-review:vault-rotation" },
      roleRef: { name: "vault-management:dev:token-review" },
      subjects: [{ name: "rotate-openai-llm", namespace: "vault-rotation" }],
    });
    expect(jwt.filter(({ type }) => type === `${RBAC}:ClusterRoleBinding`)).toEqual([]);
  });
});

describe("the rotators' namespace", () => {
  it("admits restricted pods alone, and lets out what rotators need", () => {
    expect(only(dev, "kubernetes:core/v1:Namespace").inputs).toMatchObject({
      metadata: {
        name: "vault-rotation",
        labels: { "pod-security.kubernetes.io/enforce": "restricted" },
      },
    });
    const policies = dev.filter(({ type }) => type === "kubernetes:networking.k8s.io/v1:NetworkPolicy");
    expect(policies.map(({ inputs }) => inputs.spec)).toEqual([
      { podSelector: {}, policyTypes: ["Ingress", "Egress"] },
      expect.objectContaining({ policyTypes: ["Ingress", "Egress"] }),
    ]);
    expect(policies[1]?.inputs.spec).not.toHaveProperty("ingress");
  });

  it("is somebody else's where the stack does not make it", async () => {
    const settings = rotating();
    const { rotation } = settings;
    if (rotation === undefined) throw new Error("no rotation");
    const prod = await build({ ...settings, rotation: { ...rotation, create: false } });
    expect(prod.filter(({ type }) => type === "kubernetes:core/v1:Namespace")).toEqual([]);
  });

  it("is the deployer's to write in, and the auditor's to look at", () => {
    const bindings = dev.filter(
      ({ type, name }) => type === `${RBAC}:RoleBinding` && name.includes("vault-management:"),
    );
    expect(bindings.map(({ inputs }) => inputs.roleRef)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ name: "vault-management:dev:rotation" }),
        expect.objectContaining({ name: "vault-management:dev:rotation-view" }),
      ]),
    );
    for (const { inputs } of bindings) expect(inputs.metadata).toMatchObject({ namespace: "vault-rotation" });
  });
});

it("alerts where the cluster takes rules, and only there", () => {
  expect(only(jwt, RULE).inputs.metadata).toMatchObject({ namespace: "vault-rotation" });
  expect(dev.filter(({ type }) => type === RULE)).toEqual([]);
});

it("leaves nothing of the settings in the components' own inputs, and no secret anywhere", () => {
  for (const one of [...dev, ...jwt]) {
    if (!one.custom) expect(one.inputs).toEqual({});
    expect(holdsSecret(one.inputs)).toBe(false);
  }
});
