import { beforeAll, expect, it } from "vitest";
import type { RunningSandbox } from "../../../sandbox/sandbox.ts";
import { type Anything, accepted, DryRuns, live } from "./ground.ts";
import { type Edit, withSpec, withVault } from "./objects.ts";

const LABEL = "vault-management/environment";
const secretRef = { name: "somebodys-token", key: "token" };
const account = { name: "vault-store", audiences: ["vault"] };

/** What is tried, the edit of `spec.provider.vault`, and what the refusal names: field, found, allowed. */
const refused: readonly (readonly [string, Edit, RegExp])[] = [
  [
    "another server",
    { server: "https://vault.evil.example" },
    /server: found https:\/\/vault\.evil\.example; allowed: https:\/\/127\.0\.0\.1:\d+; fix: /,
  ],
  [
    "a stored token",
    { auth: { kubernetes: undefined, tokenSecretRef: secretRef } },
    /vault\.auth: found tokenSecretRef; allowed: kubernetes or jwt/,
  ],
  [
    "an AppRole beside the declared login",
    {
      auth: { appRole: { path: "approle", roleId: "x", secretRef } },
    },
    /vault\.auth: found (appRole, kubernetes|kubernetes, appRole); allowed/,
  ],
  [
    "a stored service-account token",
    { auth: { kubernetes: { secretRef } } },
    /auth\.kubernetes: found secretRef; allowed: mountPath, role, serviceAccountRef/,
  ],
  [
    "a stored JWT",
    { auth: { kubernetes: undefined, jwt: { path: "kubernetes", role: "x", secretRef } } },
    /auth\.jwt: found secretRef/,
  ],
  [
    "another Vault namespace for the login",
    { auth: { namespace: "admin" } },
    /vault\.auth: found .*namespace/,
  ],
  [
    "ESO's own identity",
    { auth: { kubernetes: { serviceAccountRef: undefined } } },
    /serviceAccountRef: found nothing; .*would log in as itself/,
  ],
  [
    "another service account",
    { auth: { kubernetes: { serviceAccountRef: { ...account, name: "default" } } } },
    /serviceAccountRef\.name: found default; allowed: vault-store/,
  ],
  [
    "a service account elsewhere",
    { auth: { kubernetes: { serviceAccountRef: { ...account, namespace: "user" } } } },
    /serviceAccountRef: found namespace; allowed: name, audiences/,
  ],
  [
    "a token for another audience",
    {
      auth: { kubernetes: { serviceAccountRef: { ...account, audiences: ["vault", "sts.amazonaws.com"] } } },
    },
    /audiences: found vault, sts\.amazonaws\.com; allowed: vault, https:/,
  ],
  [
    "another role",
    { auth: { kubernetes: { role: "voyager-platform-user" } } },
    /auth: role: found voyager-platform-user; allowed: voyager-platform-llm/,
  ],
  [
    "another auth mount",
    { auth: { kubernetes: { mountPath: "kubernetes-prod" } } },
    /auth: mount: found kubernetes-prod; allowed: kubernetes/,
  ],
  ["another KV mount", { path: "kv-prod" }, /vault\.path: found kv-prod; allowed: kv;/],
  ["another KV version", { version: "v1" }, /vault\.version: found v1; allowed: v2/],
  ["another CA", { caBundle: "AAAA" }, /vault\.caBundle: found a bundle of 4 characters/],
  [
    "a CA from elsewhere",
    { caProvider: { type: "ConfigMap", name: "ca", key: "ca" } },
    /spec\.provider\.vault: found caProvider; allowed: server, path, version, caBundle, auth/,
  ],
  ["headers", { headers: { "X-Vault-Namespace": "x" } }, /vault: found headers/],
  ["a Vault namespace", { namespace: "admin" }, /vault: found namespace/],
  ["a client certificate", { tls: { certSecretRef: secretRef } }, /vault: found tls/],
];

/** SecretStores in the reference namespace: what the administrator may not make of the stack's own. */
export function storeChecks(sandbox: () => RunningSandbox): void {
  let store: Anything;
  let admin: DryRuns;
  let deployer: DryRuns;

  beforeAll(async () => {
    store = await live(sandbox(), "SecretStore", "vault-store");
    admin = new DryRuns(sandbox().kubernetes.kubeconfigs.admin);
    deployer = new DryRuns(sandbox().kubernetes.kubeconfigs.deployer);
  });

  it.each(refused)("refuses %s", async (_what, vault, message) => {
    const answer = await admin.replace(withVault(store, vault));
    expect(answer).toMatch(message);
    expect(answer).toContain("'vault-management-dev-stores'");
    expect(answer).toMatch(/; fix: \S/);
  });

  it("refuses another provider", async () => {
    const fake = { fake: { data: [{ key: "a", value: "b" }] } };
    expect(await admin.replace({ ...store, spec: { provider: fake } })).toMatch(
      /spec\.provider: found fake; allowed: vault/,
    );
  });

  it("refuses another controller's class", async () => {
    expect(await admin.replace(withSpec(store, { controller: "another" }))).toMatch(/spec: found controller/);
  });

  it("refuses a store that is not declared", async () => {
    const { metadata: _, ...rest } = store;
    const other = { ...rest, metadata: { name: "another-store", namespace: "llm" } };
    expect(await admin.create(other)).toMatch(
      /metadata\.name: found another-store; .*fix: declare it: namespaces/,
    );
  });

  it("lets the store pass as it is declared, its refresh and retries changed, and its deletion", async () => {
    expect(await admin.replace(store)).toBe(accepted);
    const retries = { refreshInterval: 60, retrySettings: { maxRetries: 3 } };
    expect(await admin.replace(withSpec(store, retries))).toBe(accepted);
    expect(await admin.delete(store)).toBe(accepted);
  });

  it("lets the stack's deployer change what is declared of the stack's own, and nothing else of it", async () => {
    const moved = withVault(store, { server: "https://vault.new.example" });
    expect(await deployer.replace(moved)).toBe(accepted);
    expect(await deployer.replace(withVault(store, { headers: { a: "b" } }))).toMatch(/vault: found headers/);
    const { [LABEL]: _, ...labels } = store.metadata?.labels ?? {};
    const unlabelled = { ...moved, metadata: { ...moved.metadata, labels } };
    expect(await deployer.replace(unlabelled)).toMatch(/vault\.server: found/);
  });

  it("is asked in the declared namespaces alone", async () => {
    const { metadata: _, ...rest } = withVault(store, { server: "https://vault.of-others.example" });
    expect(await admin.create({ ...rest, metadata: { name: "theirs", namespace: "default" } })).toBe(
      accepted,
    );
  });
}
