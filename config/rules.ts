import type { Problem } from "./problems.ts";
import { pathText, show } from "./problems.ts";
import type { Declaration } from "./schema.ts";
import { durationMs } from "./values.ts";

/** Rules over more than one field; each gives every breach it finds. */
export function crossFieldProblems(declared: Declaration): readonly Problem[] {
  return [
    ...mountOverlaps(declared),
    ...emptyNamespaces(declared),
    ...storeMounts(declared),
    ...sameTargets(declared),
    ...secretContents(declared),
    ...auditDevices(declared),
    ...clusterSingletons(declared),
    ...autopilotQuorum(declared),
    ...tokenTtls(declared),
    ...jwtKeys(declared),
    ...operatorNamespace(declared),
  ];
}

function mountOverlaps({ vault }: Declaration): readonly Problem[] {
  const paths = [
    ...Object.keys(vault.mounts).map((mount) => ({ mount, path: ["vault", "mounts", mount] })),
    { mount: vault.auth.mount, path: ["vault", "auth", "mount"] },
  ];
  return paths.flatMap(({ mount, path }, index) =>
    paths
      .slice(0, index)
      .filter((other) => within(mount, other.mount) || within(other.mount, mount))
      .map((other) => ({
        path: pathText(path),
        found: `${show(mount)}, which overlaps ${show(other.mount)} at ${pathText(other.path)}`,
        allowed: "mounts of which none is, or begins, another's path",
        fix: "rename one of the two",
      })),
  );
}

/** Whether one mount path is, or lies under, another; Vault refuses to nest mounts. */
export function within(inner: string, outer: string): boolean {
  return `${inner}/`.startsWith(`${outer}/`);
}

function emptyNamespaces({ namespaces }: Declaration): readonly Problem[] {
  return Object.entries(namespaces)
    .filter(([, { store, services }]) => store === undefined && !Object.values(services).some(hasSecret))
    .map(([name]) => ({
      path: pathText(["namespaces", name]),
      found: "neither a store nor a secret",
      allowed: "a store, services with secrets, or both",
      fix: "add store: {} for a store alone, declare a service, or remove the namespace",
    }));
}

function hasSecret({ secrets }: Declaration["namespaces"][string]["services"][string]): boolean {
  return Object.keys(secrets).length > 0;
}

function storeMounts({ namespaces, vault }: Declaration): readonly Problem[] {
  const mounts = Object.keys(vault.mounts);
  if (mounts.length === 0) {
    return [
      {
        path: "vault.mounts",
        found: "no mount",
        allowed: "at least one KV v2 mount",
        fix: "add one, e.g. kv: {}",
      },
    ];
  }
  return Object.entries(namespaces).flatMap(([name, { store }]) => {
    const mount = store?.mount;
    const known = mount === undefined ? mounts.length === 1 : mounts.includes(mount);
    if (known) return [];
    return [
      {
        path: pathText(["namespaces", name, "store", "mount"]),
        found: show(mount),
        allowed: mounts.join(" | "),
        fix: "name one of vault.mounts",
      },
    ];
  });
}

function sameTargets({ namespaces }: Declaration): readonly Problem[] {
  return Object.entries(namespaces).flatMap(([namespace, { services }]) => {
    const secrets = Object.entries(services).flatMap(([service, { secrets: declared }]) =>
      Object.entries(declared).map(([name, secret]) => ({
        name,
        target: secret.target ?? name,
        path: ["namespaces", namespace, "services", service, "secrets", name],
      })),
    );
    return secrets.flatMap((secret, index) => {
      const twin = secrets
        .slice(0, index)
        .find(({ name, target }) => name === secret.name || target === secret.target);
      if (!twin) return [];
      return [
        {
          path: pathText(secret.path),
          found: `${twin.name === secret.name ? `name ${secret.name}` : `target ${secret.target}`}, as at ${pathText(twin.path)}`,
          allowed: "ExternalSecrets and target Secrets that are each named once in a namespace",
          fix: "rename one of the two, or declare the secret once",
        },
      ];
    });
  });
}

function secretContents({ namespaces }: Declaration): readonly Problem[] {
  return Object.entries(namespaces).flatMap(([namespace, { services }]) =>
    Object.entries(services).flatMap(([service, { secrets }]) =>
      Object.entries(secrets).flatMap(([name, secret]) => {
        const path = pathText(["namespaces", namespace, "services", service, "secrets", name]);
        return [...noContent(path, secret), ...contradiction(path, secret)];
      }),
    ),
  );
}

type DeclaredSecret = Declaration["namespaces"][string]["services"][string]["secrets"][string];

function noContent(path: string, secret: DeclaredSecret): readonly Problem[] {
  if (Object.keys(secret.data).length > 0 || secret.dataFrom.length > 0) return [];
  return [
    {
      path,
      found: "neither data nor dataFrom",
      allowed: "at least one of the two",
      fix: "add a key under data, e.g. api_key: llm/openai#api_key",
    },
  ];
}

function contradiction(path: string, secret: DeclaredSecret): readonly Problem[] {
  const policy = secret.creationPolicy ?? (secret.onRemoval === "retain" ? "Orphan" : "Owner");
  const removal = policy === "Owner" ? "delete" : "retain";
  if (secret.onRemoval === undefined || secret.onRemoval === removal) return [];
  return [
    {
      path: `${path}.onRemoval`,
      found: `${secret.onRemoval} with creationPolicy ${policy}`,
      allowed: "Owner is deleted with its ExternalSecret; Orphan and Merge are retained",
      fix: `remove creationPolicy, or write onRemoval: ${removal}`,
    },
  ];
}

/** Vault refuses to serve while no audit device can write, so one full disk must not stop it. */
function auditDevices({ tier, vault }: Declaration): readonly Problem[] {
  const devices = Object.entries(vault.auditDevices);
  const files = new Set(devices.map(([, device]) => device.filePath));
  const shared = devices.length - files.size;
  return [
    ...(tier === "production" && vault.cluster === "managed" && devices.length < 2
      ? [
          {
            path: "vault.auditDevices",
            found: `${devices.length} device(s)`,
            allowed: "two or more where production manages the cluster",
            fix: "add a second device on another disk, or declare vault.cluster: shared",
          },
        ]
      : []),
    ...(shared > 0
      ? [
          {
            path: "vault.auditDevices",
            found: "one filePath in several devices",
            allowed: "a filePath of its own for each device",
            fix: "give each device another file",
          },
        ]
      : []),
  ];
}

function clusterSingletons({ vault }: Declaration): readonly Problem[] {
  if (vault.cluster === "managed") return [];
  const declared = [
    ...(Object.keys(vault.auditDevices).length > 0 ? ["auditDevices"] : []),
    ...(Object.keys(vault.quotas).length > 0 ? ["quotas"] : []),
    ...(vault.autopilot ? ["autopilot"] : []),
  ];
  return declared.map((field) => ({
    path: `vault.${field}`,
    found: "declared with vault.cluster: shared",
    allowed: "cluster-wide settings only in the one stack that says vault.cluster: managed",
    fix: `remove vault.${field} here, or manage the cluster from this stack`,
  }));
}

function autopilotQuorum({ vault: { autopilot } }: Declaration): readonly Problem[] {
  if (!autopilot?.cleanupDeadServers || autopilot.minQuorum !== undefined) return [];
  return [
    {
      path: "vault.autopilot.minQuorum",
      found: "nothing, with cleanupDeadServers: true",
      allowed: "3 or more, which Vault asks for before it removes dead servers",
      fix: "write minQuorum: 3, or the number of voters to keep",
    },
  ];
}

function tokenTtls({ vault: { auth } }: Declaration): readonly Problem[] {
  if (durationMs(auth.tokenTtl) <= durationMs(auth.tokenMaxTtl)) return [];
  return [
    {
      path: "vault.auth.tokenTtl",
      found: `${auth.tokenTtl}, longer than tokenMaxTtl ${auth.tokenMaxTtl}`,
      allowed: "at most tokenMaxTtl",
      fix: "shorten tokenTtl or lengthen tokenMaxTtl",
    },
  ];
}

function jwtKeys({ kubernetes, vault }: Declaration): readonly Problem[] {
  const ways = Object.entries(kubernetes.jwt ?? {})
    .filter(([, value]) => value !== undefined)
    .map(([name]) => name);
  const needed = vault.auth.method === "jwt" ? 1 : 0;
  if (needed === 1 ? ways.length === 1 : kubernetes.jwt === undefined || ways.length === 1) return [];
  return [
    {
      path: "kubernetes.jwt",
      found: ways.length === 0 ? "no way to the signing keys" : ways.join(" and "),
      allowed: "exactly one of issuer, jwksUrl, publicKeys with vault.auth.method: jwt",
      fix: "keep one: issuer where Vault reaches the cluster's OIDC discovery, jwksUrl or publicKeys elsewhere",
    },
  ];
}

function operatorNamespace({ externalSecrets, namespaces }: Declaration): readonly Problem[] {
  if (!Object.hasOwn(namespaces, externalSecrets.namespace)) return [];
  return [
    {
      path: pathText(["namespaces", externalSecrets.namespace]),
      found: "the operator's own namespace",
      allowed: "namespaces other than externalSecrets.namespace",
      fix: "keep workloads' secrets in a namespace of their own",
    },
  ];
}
