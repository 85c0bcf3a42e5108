import { deniedGroups } from "../../../access/operators/denial.ts";
import { VaultClient } from "../../../clients/vault.ts";
import { parseSettings } from "../../../config/parse.ts";
import type { Settings } from "../../../config/schema.ts";
import type { RunningSandbox } from "../../../sandbox/sandbox.ts";

type Sections = Readonly<Record<string, unknown>>;

/** Names of these tests' own: the deployed stack's are left alone. */
export const environment = "optest";
export const kv = "optest-kv";
export const workloads = "optest-kubernetes";
export const ci = "optest-ci";
export const people = "optest-oidc";

/** A stack of its own on the sandbox's servers, as a stack file would declare it, with other sections in place of its own. */
export function declaration(sandbox: RunningSandbox, sections: Sections = {}): Sections {
  const { vault, kubernetes } = sandbox;
  const group = (operator: string) => ({ group: `${environment}:${operator}` });
  return {
    environment,
    tier: "development",
    vault: {
      address: vault.address,
      caCertificate: vault.caPem,
      cluster: "managed",
      mounts: { [kv]: {} },
      auth: { mount: workloads, rolePrefix: "optest" },
      auditDevices: {
        optest: { filePath: `${sandbox.paths.root}/optest-audit.log` },
        "optest-second": { filePath: `${sandbox.paths.root}/optest-second.log` },
      },
      quotas: { optest: { rate: 5_000, path: kv } },
    },
    kubernetes: {
      context: kubernetes.context,
      apiAddress: kubernetes.address,
      apiCaCertificate: kubernetes.caPem,
    },
    externalSecrets: {
      namespace: "optest-operator",
      chart: { version: "0.20.4" },
      crds: { sha256: "0".repeat(64) },
    },
    operators: {
      kubernetes: { deployer: group("deployer"), previewer: group("previewer"), auditor: group("auditor") },
    },
    namespaces: {
      "optest-a": {
        services: {
          api: { secrets: { db: { data: { USER: "team/db#user", PASSWORD: "team/db#password" } } } },
        },
      },
      "optest-b": { store: {} },
    },
    ...sections,
  };
}

export function settingsFor(sandbox: RunningSandbox, sections: Sections = {}): Settings {
  return parseSettings(declaration(sandbox, sections), "Pulumi.optest.yaml");
}

/** A client with a token of one policy and nothing else, as an operator's login gives it. */
export async function clientWith(
  root: VaultClient,
  sandbox: RunningSandbox,
  policy: string,
): Promise<VaultClient> {
  const { auth } = await root.write("auth/token/create-orphan", {
    policies: [policy],
    no_default_policy: true,
    ttl: "15m",
  });
  return clientOf(sandbox, String(auth?.client_token));
}

export function clientOf({ vault: { address, caPem } }: RunningSandbox, token?: string): VaultClient {
  return new VaultClient({ address, caPem, ...(token === undefined ? {} : { token }) });
}

/** Takes away what these tests made in Vault. */
export async function cleanUp(root: VaultClient): Promise<void> {
  const policies = ((await root.list("sys/policies/acl")) ?? []).filter((name) =>
    /^(optest\.|optest-|vault-management\.optest\.)/.test(name),
  );
  for (const path of [
    `sys/mounts/${kv}`,
    ...[workloads, ci, people].map((mount) => `sys/auth/${mount}`),
    ...deniedGroups(environment).map(({ path }) => path),
    ...policies.map((name) => `sys/policies/acl/${name}`),
    "sys/quotas/rate-limit/optest",
    "sys/audit/optest",
    "sys/audit/optest-second",
  ]) {
    await root.delete(path);
  }
}
