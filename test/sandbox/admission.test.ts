import {
  AdmissionregistrationV1Api,
  KubeConfig,
  type V1ValidatingAdmissionPolicy,
} from "@kubernetes/client-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { VaultClient } from "../../clients/vault.ts";
import { admissionPolicies } from "../../components/external-secrets/admission/policies.ts";
import { parseSettings } from "../../config/parse.ts";
import { directEngine } from "../../sandbox/engine/direct/engine.ts";
import type { RunningSandbox } from "../../sandbox/sandbox.ts";
import { externalSecretChecks } from "./admission/external-secrets.ts";
import { accepted, DryRuns } from "./admission/ground.ts";
import { kindChecks } from "./admission/kinds.ts";
import { pod } from "./admission/objects.ts";
import { otherDeclarationChecks } from "./admission/other-declaration.ts";
import { storeChecks } from "./admission/stores.ts";
import { useSandbox } from "./harness.ts";
import {
  declarationWith,
  deploy,
  type Edit,
  type Ground,
  projectFolder,
  rootVault,
} from "./main-job/ground.ts";

/** No value is put, so none is waited for. */
const anyValue = { externalSecrets: { readiness: { mode: "report", timeout: "1s" } } };

/** What the API server refuses once the dev stack is deployed; asked by server-side dry runs, as its administrator. */
describe("admission", () => {
  let sandbox: RunningSandbox;
  let vault: VaultClient | undefined;

  const redeploy = (...edits: readonly Edit[]) => {
    const ground: Ground = {
      engine: directEngine("the tests' own", projectFolder),
      sandbox,
      vault: used(vault),
    };
    return deploy(ground, anyValue, ...edits);
  };

  beforeAll(async () => {
    sandbox = await useSandbox();
    vault = await rootVault(sandbox);
    await redeploy();
  });
  afterAll(() => vault?.close());

  it("has every policy in force, and the API server has nothing to say about their types", async () => {
    const config = new KubeConfig();
    config.loadFromFile(sandbox.kubernetes.kubeconfigs.admin);
    const api = config.makeApiClient(AdmissionregistrationV1Api);
    const settings = parseSettings(await declarationWith(sandbox, anyValue), "Pulumi.dev.yaml");
    for (const { policy } of admissionPolicies(settings)) {
      const { name } = policy.metadata;
      await expect
        .poll(async () => checked(await api.readValidatingAdmissionPolicy({ name })), { timeout: 30_000 })
        .toEqual([]);
      const { spec } = await api.readValidatingAdmissionPolicyBinding({ name });
      expect(spec).toMatchObject({ policyName: name, validationActions: ["Deny", "Audit"] });
    }
  });

  describe("of a SecretStore", () => storeChecks(() => sandbox));
  describe("of an ExternalSecret", () => externalSecretChecks(() => sandbox));
  describe("of other kinds", () => kindChecks(() => sandbox, redeploy));
  describe("of another declaration", () => otherDeclarationChecks(() => sandbox, redeploy));

  describe("of pods in ESO's namespace", () => {
    const ask = (namespace: string, edit = {}) =>
      new DryRuns(sandbox.kubernetes.kubeconfigs.admin).create(pod(namespace, edit));

    const powerful = {
      hostNetwork: true,
      hostPID: true,
      containers: [
        { name: "a", image: "example.org/a:1", securityContext: { capabilities: { add: ["SYS_ADMIN"] } } },
      ],
    };

    it("refuses one that could become more than it is", async () => {
      const answer = await ask("vault", powerful);
      expect(answer).toContain('violates PodSecurity "restricted:latest"');
      for (const word of ["host namespaces", "SYS_ADMIN", "runAsNonRoot", "seccompProfile"]) {
        expect(answer).toContain(word);
      }
    });

    it("lets a modest one pass, and leaves tenants' namespaces to their owners", async () => {
      expect(await ask("vault")).toBe(accepted);
      expect(await ask("llm", powerful)).toBe(accepted);
    });
  });
});

/** Warnings about a policy's types; undefined until its newest generation was checked. */
function checked({ metadata, status }: V1ValidatingAdmissionPolicy): readonly unknown[] | undefined {
  if (status?.observedGeneration !== metadata?.generation) return undefined;
  return status?.typeChecking?.expressionWarnings ?? [];
}

function used<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("not there yet");
  return value;
}
