import { RESTART_ANNOTATION } from "../../../components/rotation/admission.ts";
import { isEmpty } from "./compare.ts";

/**
 * What the API server, or ESO's definitions, put where nothing is said, by the field's name. They are nobody's, but for whom
 * creates an object with them, or writes a list that Kubernetes keeps as one: there they stand among that one's fields.
 * https://kubernetes.io/docs/reference/kubernetes-api/ and the defaults in ESO's definitions.
 */
const USUAL: Readonly<Record<string, readonly unknown[]>> = {
  // Pods and what makes them.
  concurrencyPolicy: ["Allow"],
  defaultMode: [0o644],
  divisor: ["0"],
  dnsPolicy: ["ClusterFirst"],
  enableServiceLinks: [true],
  expirationSeconds: [3_600],
  failedJobsHistoryLimit: [1],
  failureThreshold: [3],
  imagePullPolicy: ["Always", "IfNotPresent"],
  maxSurge: ["25%"],
  maxUnavailable: ["25%"],
  periodSeconds: [10],
  progressDeadlineSeconds: [600],
  replicas: [1],
  restartPolicy: ["Always"],
  revisionHistoryLimit: [10],
  schedulerName: ["default-scheduler"],
  scheme: ["HTTP"],
  status: ["True"],
  successfulJobsHistoryLimit: [3],
  successThreshold: [1],
  terminationGracePeriodSeconds: [30],
  terminationMessagePath: ["/dev/termination-log"],
  terminationMessagePolicy: ["File"],
  timeoutSeconds: [1],
  // Networks, rights and admission.
  apiGroup: ["rbac.authorization.k8s.io"],
  failurePolicy: ["Fail"],
  internalTrafficPolicy: ["Cluster"],
  ipFamilyPolicy: ["SingleStack"],
  matchPolicy: ["Equivalent"],
  protocol: ["TCP"],
  scope: ["*"],
  sessionAffinity: ["None"],
  type: ["ClusterIP", "RollingUpdate"],
  // ESO's kinds.
  apiVersion: ["v1", "generators.external-secrets.io/v1alpha1"],
  conversionStrategy: ["Default"],
  creationPolicy: ["Owner"],
  decodingStrategy: ["None"],
  deletionPolicy: ["Retain"],
  engineVersion: ["v2"],
  mergePolicy: ["Replace"],
  metadataPolicy: ["None"],
  nullBytePolicy: ["Ignore"],
  refreshPolicy: ["Periodic"],
  resultType: ["Data"],
};

/** Whether a field that nobody declared says no more than the server would by itself. */
export function isUsual(name: string, value: unknown): boolean {
  if (isEmpty(value)) return true;
  // The older name of `serviceAccountName`: the API server writes both.
  if (name === "serviceAccount") return typeof value === "string";
  if (Array.isArray(value)) return false;
  if (typeof value === "object") {
    return Object.entries(value as object).every(([key, one]) => isUsual(key, one));
  }
  return USUAL[name]?.includes(value) ?? false;
}

const NOTE = "spec\\.template\\.metadata\\.annotations";

/** Fields that others rightly write, by kind: a scaler, a restart, the allocator of addresses, the token controller. */
const OTHERS: Readonly<Record<string, RegExp>> = {
  Deployment: new RegExp(
    `^(spec\\.replicas|${NOTE}(\\.|\\[")(kubectl\\.kubernetes\\.io/restartedAt|${RESTART_ANNOTATION}[^"]*)("\\])?)$`,
  ),
  Service: /^spec\.(clusterIPs?|ipFamilies|ports\[\d+\]\.(nodePort|targetPort))$/,
  ServiceAccount: /^(secrets|imagePullSecrets)$/,
};

/** Whether somebody other than the stack has the say over a field. */
export function isOthers(kind: string, field: string): boolean {
  return OTHERS[kind]?.test(field) ?? false;
}
