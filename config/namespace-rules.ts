import type { Problem } from "./problems.ts";
import { pathText, show } from "./problems.ts";
import { belowTheMount } from "./remote-ref.ts";
import type { Declaration } from "./schema.ts";

/** Of an API path that break-glass can deny, e.g. `kv/data/llm/openai` has four; each has templates of its own in a policy. */
export const MOST_SEGMENTS = 8;

type DeclaredSecret = Declaration["namespaces"][string]["services"][string]["secrets"][string];

/** Rules over the fields of namespaces, their stores and their secrets. */
export function namespaceProblems(declared: Declaration): readonly Problem[] {
  return [
    ...emptyNamespaces(declared),
    ...nothingToIsolate(declared),
    ...storeMounts(declared),
    ...sameTargets(declared),
    ...secretContents(declared),
    ...operatorNamespace(declared),
  ];
}

function emptyNamespaces({ namespaces }: Declaration): readonly Problem[] {
  return Object.entries(namespaces)
    .filter(([, { store, services }]) => store === undefined && !Object.values(services).some(hasSecret))
    .map(([name]) => ({
      path: pathText(["namespaces", name]),
      found: "neither a store nor a secret",
      allowed: "a store, services with secrets or certificates, or both",
      fix: "add store: {} for a store alone, declare a service, or remove the namespace",
    }));
}

function nothingToIsolate({ namespaces }: Declaration): readonly Problem[] {
  return Object.entries(namespaces)
    .filter(
      ([, { isolation, store, services }]) =>
        isolation === "service" && store !== undefined && !Object.values(services).some(hasSecret),
    )
    .map(([name]) => ({
      path: pathText(["namespaces", name, "isolation"]),
      found: "service, and no service with secrets",
      allowed: "namespace, or services with secrets: each of them gets a store of its own",
      fix: "remove isolation here for a store that nothing reads through yet, or declare a service's secrets",
    }));
}

function hasSecret({
  secrets,
  certificates,
}: Declaration["namespaces"][string]["services"][string]): boolean {
  return Object.keys(secrets).length > 0 || Object.keys(certificates).length > 0;
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

function secretContents({ namespaces, vault }: Declaration): readonly Problem[] {
  return Object.entries(namespaces).flatMap(([namespace, { services }]) =>
    Object.entries(services).flatMap(([service, { secrets }]) =>
      Object.entries(secrets).flatMap(([name, secret]) => {
        const path = pathText(["namespaces", namespace, "services", service, "secrets", name]);
        return [
          ...noContent(path, secret),
          ...contradiction(path, secret),
          ...requestPaths(path, secret, vault),
          ...tooDeep(path, secret, namespaces[namespace]?.store?.mount ?? Object.keys(vault.mounts)[0] ?? ""),
        ];
      }),
    ),
  );
}

function noContent(path: string, secret: DeclaredSecret): readonly Problem[] {
  if (Object.keys(secret.data).length > 0 || secret.dataFrom.length > 0 || secret.database) return [];
  return [
    {
      path,
      found: "neither data, dataFrom nor database",
      allowed: "at least one of data and dataFrom, or database",
      fix: "add a key under data, e.g. api_key: llm/openai#api_key",
    },
  ];
}

/** The paths below the mount that a secret reads, and where they are declared. */
function keysOf({
  data,
  dataFrom,
}: DeclaredSecret): readonly { readonly key: string; readonly at: string }[] {
  return [
    ...Object.entries(data).map(([name, { key }]) => ({ key, at: `.data.${name}` })),
    ...dataFrom.map(({ extract }, index) => ({ key: extract.key, at: `.dataFrom[${index}].extract.key` })),
  ];
}

function tooDeep(path: string, secret: DeclaredSecret, mount: string): readonly Problem[] {
  const most = MOST_SEGMENTS - `${mount}/data`.split("/").length;
  return keysOf(secret)
    .filter(({ key }) => key.split("/").length > most)
    .map(({ key, at }) => ({
      path: `${path}${at}`,
      found: `${show(key)}, ${key.split("/").length} segments`,
      allowed: `at most ${most} segments below ${mount}: a longer path cannot be denied by npm run break-glass`,
      fix: "store it at a shorter path",
    }));
}

/** `kv/data/llm/openai` names the mount and the request of a mount that the stack has. */
function requestPaths(
  path: string,
  secret: DeclaredSecret,
  { mounts }: Declaration["vault"],
): readonly Problem[] {
  const prefixes = Object.keys(mounts).flatMap((mount) => [`${mount}/data/`, `${mount}/metadata/`]);
  return keysOf(secret).flatMap(({ key, at }) => {
    const prefix = prefixes.find((one) => key.startsWith(one));
    return prefix === undefined
      ? []
      : [{ path: `${path}${at}`, found: show(key), ...belowTheMount(key.slice(prefix.length)) }];
  });
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
