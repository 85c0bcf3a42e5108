import type { Edit } from "../main-job/ground.ts";

/** Who logs in by which role, and the whole of what that login may read. Written by hand: nothing here is generated. */
export interface Login {
  readonly stack: StackName;
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly role: string;
  /** KV paths with their mount, e.g. `kv/alpha/web`. */
  readonly reads: readonly string[];
  /** The policies of its token, sorted. */
  readonly policies: readonly string[];
}

export type StackName = "dev" | "prod" | "edge";

/** One auth mount, one KV mount and one role prefix a stack, all three on one Vault and one cluster. */
export const authMounts: Readonly<Record<StackName, string>> = {
  dev: "kubernetes",
  prod: "kubernetes-prod",
  edge: "jwt-edge",
};

const secret = (...keys: readonly string[]) => ({
  data: Object.fromEntries(keys.map((key, index) => [`key${index}`, `${key}#value`])),
});

/** `alpha/web-admin` is another service's, and begins like `alpha/web`; `shared/database` is declared by two namespaces. */
const devNamespaces: Edit = {
  alpha: {
    services: {
      web: { secrets: { web: secret("alpha/web", "shared/database") } },
      worker: { secrets: { worker: secret("alpha/worker") } },
    },
  },
  beta: {
    isolation: "service",
    services: {
      api: { secrets: { api: secret("beta/api", "beta/common", "shared/database") } },
      batch: { secrets: { batch: secret("beta/batch", "beta/common", "alpha/web-admin") } },
    },
  },
  gamma: { store: {} },
};

/** The same paths as dev's, in a mount of their own. */
const otherNamespaces = (suffix: string): Edit => ({
  [`alpha-${suffix}`]: {
    create: true,
    services: { web: { secrets: { web: secret("alpha/web", "shared/database") } } },
  },
  [`beta-${suffix}`]: {
    create: true,
    isolation: "service",
    services: {
      api: { secrets: { api: secret("beta/api", "shared/database") } },
      batch: { secrets: { batch: secret("beta/batch") } },
    },
  },
});

const shared = { cluster: "shared", autopilot: undefined, auditDevices: undefined, quotas: undefined };
/** Two stacks on one cluster have operators of their own: each stack's admission policies confine its own operators. */
const operatorsOf = (stack: StackName): Edit => ({
  kubernetes: Object.fromEntries(
    ["deployer", "previewer", "auditor"].map((operator) => [operator, { group: `${stack}:${operator}` }]),
  ),
});
const notTheReferences = { llm: undefined, user: undefined };
const existingOperator = { mode: "existing" };

/** The stacks as edits of the dev stack's declaration. `edge` logs in by the jwt method, and for a short time. */
export function stackEdit(stack: StackName, publicKeyPem: string): Edit {
  if (stack === "dev") return { namespaces: { ...notTheReferences, ...devNamespaces } };
  if (stack === "prod") {
    return {
      environment: "prod",
      tier: "production",
      vault: {
        ...shared,
        mounts: { kv: undefined, "kv-prod": {} },
        auth: { mount: "kubernetes-prod", rolePrefix: "voyager-platform-prod" },
        egressCidrs: ["127.0.0.1/32"],
      },
      externalSecrets: existingOperator,
      operators: operatorsOf(stack),
      namespaces: { ...notTheReferences, ...otherNamespaces("prod") },
    };
  }
  return {
    environment: "edge",
    vault: {
      ...shared,
      mounts: { kv: undefined, "kv-edge": {} },
      auth: {
        method: "jwt",
        mount: "jwt-edge",
        rolePrefix: "voyager-platform-edge",
        tokenTtl: "10s",
        tokenMaxTtl: "20s",
      },
    },
    kubernetes: { jwt: { publicKeys: [publicKeyPem] } },
    externalSecrets: existingOperator,
    operators: operatorsOf(stack),
    namespaces: { ...notTheReferences, ...otherNamespaces("edge") },
  };
}

export const logins: readonly Login[] = [
  {
    ...{ stack: "dev", namespace: "alpha", serviceAccount: "vault-store", role: "voyager-platform-alpha" },
    reads: ["kv/alpha/web", "kv/alpha/worker", "kv/shared/database"],
    policies: ["voyager-platform.alpha.web", "voyager-platform.alpha.worker", "voyager-platform.session"],
  },
  {
    ...{
      stack: "dev",
      namespace: "beta",
      serviceAccount: "vault-store-api",
      role: "voyager-platform-beta.api",
    },
    reads: ["kv/beta/api", "kv/beta/common", "kv/shared/database"],
    policies: ["voyager-platform.beta.api", "voyager-platform.session"],
  },
  {
    ...{
      stack: "dev",
      namespace: "beta",
      serviceAccount: "vault-store-batch",
      role: "voyager-platform-beta.batch",
    },
    reads: ["kv/alpha/web-admin", "kv/beta/batch", "kv/beta/common"],
    policies: ["voyager-platform.beta.batch", "voyager-platform.session"],
  },
  {
    ...{ stack: "dev", namespace: "gamma", serviceAccount: "vault-store", role: "voyager-platform-gamma" },
    reads: [],
    policies: ["voyager-platform.session"],
  },
  ...(["prod", "edge"] as const).flatMap((stack) => otherLogins(stack)),
];

function otherLogins(stack: "prod" | "edge"): readonly Login[] {
  const prefix = `voyager-platform-${stack}`;
  const login = (
    name: string,
    service: string | undefined,
    policies: readonly string[],
    reads: string[],
  ) => ({
    stack,
    namespace: `${name}-${stack}`,
    serviceAccount: service === undefined ? "vault-store" : `vault-store-${service}`,
    role: `${prefix}-${name}-${stack}${service === undefined ? "" : `.${service}`}`,
    reads: reads.map((path) => `kv-${stack}/${path}`),
    policies: [...policies.map((policy) => `${prefix}.${name}-${stack}.${policy}`), `${prefix}.session`],
  });
  return [
    login("alpha", undefined, ["web"], ["alpha/web", "shared/database"]),
    login("beta", "api", ["api"], ["beta/api", "shared/database"]),
    login("beta", "batch", ["batch"], ["beta/batch"]),
  ];
}

/** Values that nobody declares: beside, below and above declared paths, in every mount. */
const undeclared = ["kv", "kv-prod", "kv-edge"].flatMap((mount) =>
  ["alpha/web/deeper", "alpha", "alpha/webhook", "beta/ap", "unclaimed"].map((path) => `${mount}/${path}`),
);

/** Every path that has a value, once, sorted. */
export const allPaths: readonly string[] = [
  ...new Set([...logins.flatMap(({ reads }) => reads), ...undeclared]),
].sort();
