import { afterAll, beforeAll, expect, it } from "vitest";
import type { RunningSandbox } from "../../../sandbox/sandbox.ts";
import type { Edit } from "../main-job/ground.ts";
import { type Anything, accepted, DryRuns, live, untilAnswer } from "./ground.ts";
import { externalSecret, withVault } from "./objects.ts";

const data = { api_key: "llm/openai#api_key" };

/** The reference namespace isolated by service, with logins by the jwt method: policies follow the declaration. */
export function otherDeclarationChecks(
  sandbox: () => RunningSandbox,
  redeploy: (...edits: readonly Edit[]) => Promise<unknown>,
): void {
  let gateway: Anything;
  let dry: DryRuns;

  beforeAll(async () => {
    const publicKeys = [sandbox().kubernetes.serviceAccountPublicKeyPem];
    const services = { worker: { secrets: { "worker-key": { data } } } };
    await redeploy({
      vault: { auth: { method: "jwt", mount: "jwt" } },
      kubernetes: { jwt: { publicKeys } },
      namespaces: { llm: { isolation: "service", services } },
    });
    gateway = await live(sandbox(), "SecretStore", "vault-store-llm-gateway");
    dry = new DryRuns(sandbox().kubernetes.kubeconfigs.admin);
    await untilAnswer("the policies were followed", () => dry.replace(gateway), /^accepted$/);
  });
  afterAll(() => redeploy());

  const withJwt = (jwt: Edit) => withVault(gateway, { auth: { jwt } });
  const withAccount = (serviceAccountRef: Edit) =>
    withJwt({ kubernetesServiceAccountToken: { serviceAccountRef } });

  it("lets each service's store and ExternalSecret pass", async () => {
    const worker = await live(sandbox(), "SecretStore", "vault-store-worker");
    expect(await dry.replace(worker)).toBe(accepted);
    for (const service of ["llm-gateway", "worker"]) {
      const secretStoreRef = { kind: "SecretStore", name: `vault-store-${service}` };
      expect(await dry.create(externalSecret({ secretStoreRef }))).toBe(accepted);
    }
  });

  it("refuses another service's role and account, and the store of the whole namespace", async () => {
    expect(await dry.replace(withJwt({ role: "voyager-platform-llm.worker" }))).toMatch(
      /role: found voyager-platform-llm\.worker; allowed: voyager-platform-llm\.llm-gateway/,
    );
    expect(await dry.replace(withAccount({ name: "vault-store-worker" }))).toMatch(
      /serviceAccountRef\.name: found vault-store-worker; allowed: vault-store-llm-gateway/,
    );
    expect(await dry.create(externalSecret())).toMatch(
      /name: found vault-store; allowed: vault-store-llm-gateway, vault-store-worker/,
    );
  });

  it("refuses a token for another audience, at both places, and the method that is not declared", async () => {
    const audiences = ["https://elsewhere.example"];
    const refusal = /audiences: found .*https:\/\/elsewhere\.example.*; allowed: vault;/;
    expect(await dry.replace(withJwt({ kubernetesServiceAccountToken: { audiences } }))).toMatch(refusal);
    expect(await dry.replace(withAccount({ audiences }))).toMatch(refusal);
    const serviceAccountRef = { name: "vault-store-llm-gateway", audiences: ["vault"] };
    const role = "voyager-platform-llm.llm-gateway";
    const kubernetes = { mountPath: "jwt", role, serviceAccountRef };
    expect(await dry.replace(withVault(gateway, { auth: { jwt: undefined, kubernetes } }))).toMatch(
      /auth: found kubernetes; allowed: jwt/,
    );
  });
}
