import { type Fields, fieldsOf } from "../../../resources/values.ts";
import type { Change } from "./change.ts";
import type { DriftGround } from "./ground.ts";

const RBAC = "rbac.authorization.k8s.io/v1";
const llm = (name: string) => ({ name, namespace: "llm" });

export const inKubernetes: readonly Change[] = [
  {
    title: "an ExternalSecret edited",
    what: /^ExternalSecret llm\/openai-api-key$/,
    found: ["changed", "spec.refreshInterval", "spec.refreshPolicy"],
    make: ({ patch }) =>
      patch(
        {
          apiVersion: "external-secrets.io/v1",
          kind: "ExternalSecret",
          metadata: llm("openai-api-key"),
        },
        { spec: { refreshInterval: "2h", refreshPolicy: "CreatedOnce" } },
      ),
    undo: ({ patch }) =>
      patch(
        {
          apiVersion: "external-secrets.io/v1",
          kind: "ExternalSecret",
          metadata: llm("openai-api-key"),
        },
        { spec: { refreshPolicy: null } },
      ),
  },
  {
    title: "an ExternalSecret pinned to a version",
    what: /^ExternalSecret llm\/rotated$/,
    found: ["changed", "spec.data[0].remoteRef.version"],
    make: ({ patch }) =>
      patch(
        { apiVersion: "external-secrets.io/v1", kind: "ExternalSecret", metadata: llm("rotated") },
        {
          spec: {
            data: [
              {
                secretKey: "api_key",
                remoteRef: { key: "drift/rotated", property: "api_key", version: "1" },
              },
            ],
          },
        },
      ),
  },
  {
    title: "a SecretStore edited",
    what: /^SecretStore llm\/vault-store$/,
    found: ["changed", "spec.refreshInterval"],
    make: ({ patch }) =>
      patch(
        { apiVersion: "external-secrets.io/v1", kind: "SecretStore", metadata: llm("vault-store") },
        { spec: { refreshInterval: 60 } },
      ),
    undo: ({ patch }) =>
      patch(
        { apiVersion: "external-secrets.io/v1", kind: "SecretStore", metadata: llm("vault-store") },
        { spec: { refreshInterval: null } },
      ),
  },
  {
    title: "a RoleBinding widened",
    what: /^RoleBinding llm\/external-secrets$/,
    found: ["changed", "subjects"],
    make: ({ patch }) =>
      patch(
        { apiVersion: RBAC, kind: "RoleBinding", metadata: llm("external-secrets") },
        {
          subjects: [
            { kind: "ServiceAccount", name: "external-secrets", namespace: "vault" },
            { kind: "ServiceAccount", name: "default", namespace: "llm" },
          ],
        },
      ),
  },
  {
    title: "a Role with one verb more",
    what: /^Role user\/external-secrets$/,
    found: ["changed", "rules"],
    make: ({ patch }) =>
      patch(
        {
          apiVersion: RBAC,
          kind: "Role",
          metadata: { name: "external-secrets", namespace: "user" },
        },
        { rules: [{ apiGroups: [""], resources: ["secrets"], verbs: ["*"] }] },
      ),
  },
  {
    title: "a Role that nobody declared, with the stack's labels",
    what: /^Role llm\/by-hand$/,
    found: ["undeclared"],
    make: ({ create }) =>
      create({
        apiVersion: RBAC,
        kind: "Role",
        metadata: {
          ...llm("by-hand"),
          labels: {
            "app.kubernetes.io/managed-by": "vault-management",
            "vault-management/environment": "dev",
          },
        },
        rules: [],
      }),
    undo: ({ remove }) => remove({ apiVersion: RBAC, kind: "Role", metadata: llm("by-hand") }),
  },
  {
    title: "an admission policy's binding removed",
    what: /^ValidatingAdmissionPolicyBinding vault-management-dev-stores$/,
    found: ["missing"],
    make: ({ remove }) =>
      remove({
        apiVersion: "admissionregistration.k8s.io/v1",
        kind: "ValidatingAdmissionPolicyBinding",
        metadata: { name: "vault-management-dev-stores" },
      }),
  },
  {
    title: "an admission policy that only warns",
    what: /^ValidatingAdmissionPolicy vault-management-dev-external-secrets$/,
    found: ["changed", "spec.failurePolicy"],
    make: ({ patch }) =>
      patch(
        {
          apiVersion: "admissionregistration.k8s.io/v1",
          kind: "ValidatingAdmissionPolicy",
          metadata: { name: "vault-management-dev-external-secrets" },
        },
        { spec: { failurePolicy: "Ignore" } },
      ),
  },
  {
    title: "an admission policy for names that do not exist",
    what: /^ValidatingAdmissionPolicy vault-management-dev-stores$/,
    found: ["changed", "spec.matchConstraints.resourceRules[0].resourceNames"],
    make: async ({ read, patch }) => {
      const policy = {
        apiVersion: "admissionregistration.k8s.io/v1",
        kind: "ValidatingAdmissionPolicy",
        metadata: { name: "vault-management-dev-stores" },
      };
      const { matchConstraints } = fieldsOf((await read(policy)).spec);
      const [rule] = fieldsOf(matchConstraints).resourceRules as readonly Fields[];
      await patch(policy, {
        spec: { matchConstraints: { resourceRules: [{ ...rule, resourceNames: ["nothing"] }] } },
      });
    },
  },
  {
    title: "a namespace's labels",
    what: /^Namespace vault$/,
    found: ["changed", 'metadata.labels["pod-security.kubernetes.io/enforce"]'],
    make: ({ patch }) =>
      patch(
        { apiVersion: "v1", kind: "Namespace", metadata: { name: "vault" } },
        { metadata: { labels: { "pod-security.kubernetes.io/enforce": "privileged" } } },
      ),
  },
  {
    title: "a service account that gives its token to pods",
    what: /^ServiceAccount llm\/vault-store$/,
    found: ["changed", "automountServiceAccountToken"],
    make: ({ patch }) =>
      patch(
        { apiVersion: "v1", kind: "ServiceAccount", metadata: llm("vault-store") },
        { automountServiceAccountToken: true },
      ),
  },
  {
    title: "a network policy removed",
    what: /^NetworkPolicy vault\/default-deny$/,
    found: ["missing"],
    make: ({ remove }) =>
      remove({
        apiVersion: "networking.k8s.io/v1",
        kind: "NetworkPolicy",
        metadata: { name: "default-deny", namespace: "vault" },
      }),
  },
  {
    title: "a rotation suspended",
    what: /^CronJob vault-rotation\/rotate-openai-drift$/,
    found: ["changed", "spec.suspend"],
    make: ({ patch }) =>
      patch(
        {
          apiVersion: "batch/v1",
          kind: "CronJob",
          metadata: { name: "rotate-openai-drift", namespace: "vault-rotation" },
        },
        { spec: { suspend: true } },
      ),
    undo: ({ patch }) =>
      patch(
        {
          apiVersion: "batch/v1",
          kind: "CronJob",
          metadata: { name: "rotate-openai-drift", namespace: "vault-rotation" },
        },
        { spec: { suspend: false } },
      ),
  },
  {
    title: "the operator's own Deployment",
    what: /^Deployment vault\/external-secrets$/,
    found: [
      "changed",
      "spec.paused",
      "spec.revisionHistoryLimit",
      "spec.template.spec.containers[0].env",
      "spec.template.spec.hostPID",
    ],
    // Paused, so that no pod is made of it.
    make: (ground) =>
      changeOperator(
        ground,
        { paused: true, revisionHistoryLimit: 7 },
        { hostPID: true },
        { env: [{ name: "HTTPS_PROXY", value: "http://127.0.0.1:1" }] },
      ),
    undo: (ground) =>
      changeOperator(
        ground,
        { paused: null, revisionHistoryLimit: 3 },
        { hostPID: null },
        { env: undefined },
      ),
  },
];

/** Edits the Deployment, the spec of its pods and their container. */
async function changeOperator(
  { read, patch }: DriftGround,
  spec: Fields,
  pod: Fields,
  container: Fields,
): Promise<void> {
  const operator = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "external-secrets", namespace: "vault" },
  };
  const template = fieldsOf(fieldsOf((await read(operator)).spec).template);
  const [first] = fieldsOf(template.spec).containers as readonly Fields[];
  const containers = [{ ...first, ...container }];
  await patch(operator, { spec: { ...spec, template: { spec: { ...pod, containers } } } });
}
