import type { Anything } from "./ground.ts";

/** An edit of a manifest: merged into it, map by map; `undefined` removes a key. */
export interface Edit {
  readonly [field: string]: unknown;
}

/** The object with another spec. */
export function withSpec(object: Anything, edit: Edit): Anything {
  return { ...object, spec: merged(object.spec as Edit, edit) };
}

/** The same store with other fields under `spec.provider.vault`. */
export function withVault(store: Anything, vault: Edit): Anything {
  return withSpec(store, { provider: { vault } });
}

/** A new ExternalSecret of namespace llm that reads through its store, with edits. */
export function externalSecret(edit: Edit = {}): Anything {
  const spec = {
    refreshInterval: "1h",
    secretStoreRef: { kind: "SecretStore", name: "vault-store" },
    target: { name: "a-tenants-own" },
    data: [{ secretKey: "api_key", remoteRef: { key: "llm/openai", property: "api_key" } }],
  };
  return {
    apiVersion: "external-secrets.io/v1",
    kind: "ExternalSecret",
    metadata: { name: "a-tenants-own", namespace: "llm" },
    spec: merged(spec, edit),
  };
}

/** The same with a template. */
export function templated(template: Edit): Anything {
  return externalSecret({ target: { template } });
}

/** A pod as the Pod Security standard `restricted` wants it, with edits of its spec. */
export function pod(namespace: string, edit: Edit = {}): Anything {
  const securityContext = {
    runAsNonRoot: true,
    runAsUser: 1000,
    allowPrivilegeEscalation: false,
    capabilities: { drop: ["ALL"] },
    seccompProfile: { type: "RuntimeDefault" },
  };
  const spec = { containers: [{ name: "a", image: "example.org/a:1", securityContext }] };
  return { apiVersion: "v1", kind: "Pod", metadata: { name: "a-pod", namespace }, spec: merged(spec, edit) };
}

function merged(base: Edit, edit: Edit): Edit {
  const entries = Object.entries(edit).map(([key, value]) => {
    const old = base[key];
    return [key, isMap(old) && isMap(value) ? merged(old, value) : value] as const;
  });
  const all = { ...base, ...Object.fromEntries(entries) };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

function isMap(value: unknown): value is Edit {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
