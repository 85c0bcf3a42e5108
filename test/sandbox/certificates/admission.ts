import { beforeAll, expect, it } from "vitest";
import type { RunningSandbox } from "../../../sandbox/sandbox.ts";
import { accepted, DryRuns, untilAnswer } from "../admission/ground.ts";
import { externalSecret, withSpec } from "../admission/objects.ts";
import { domain } from "../pki/ground.ts";
import { liveGenerator, mounts } from "./ground.ts";

/** What the API server makes of requests to Vault's engines, beside the declared one. */
export function admissionChecks(sandbox: () => RunningSandbox): void {
  let dry: DryRuns;
  const own = async () => {
    const generator = await liveGenerator(sandbox());
    if (generator === undefined) throw new Error("no generator");
    return generator;
  };

  beforeAll(async () => {
    dry = new DryRuns(sandbox().kubernetes.kubeconfigs.admin);
    const elsewhere = withSpec(await own(), { path: `${mounts.intermediate}/issue/other` });
    await untilAnswer("the policy was followed", () => dry.replace(elsewhere), /denied/);
  });

  it("lets the declared request pass", async () => {
    expect(await dry.replace(withSpec(await own(), { retrySettings: { maxRetries: 1 } }))).toBe(accepted);
  });

  it.each([
    [
      "another role",
      { path: `${mounts.intermediate}/issue/other` },
      /spec\.path: found tls-int\/issue\/other/,
    ],
    ["a CA", { path: `${mounts.root}/issuer/root-g1/sign-intermediate` }, /spec\.path: found tls-root/],
    ["another method", { method: "GET" }, /spec\.method: found GET; allowed: POST/],
    [
      "another name",
      { parameters: { common_name: `other.${domain}` } },
      /spec\.parameters: found .*allowed: the declared/,
    ],
    [
      "a further name",
      { parameters: { alt_names: `other.${domain}` } },
      /spec\.parameters: found .*alt_names/,
    ],
    ["a token of Vault's", { resultType: "Auth" }, /spec\.resultType: found Auth; allowed: Data/],
    ["another ESO", { controller: "theirs" }, /found controller/],
  ])("refuses a request for %s", async (_what, edit, refusal) => {
    expect(await dry.replace(withSpec(await own(), edit))).toMatch(refusal);
  });

  it("refuses another login, and another Vault", async () => {
    const generator = await own();
    const account = { auth: { kubernetes: { serviceAccountRef: { name: "default" } } } };
    expect(await dry.replace(withSpec(generator, { provider: account }))).toMatch(
      /found default; allowed: vault-store/,
    );
    const elsewhere = { provider: { server: "https://vault.elsewhere.example" } };
    expect(await dry.replace(withSpec(generator, elsewhere))).toMatch(/found https:\/\/vault\.elsewhere/);
  });

  it("refuses one under a name of its own, and an ExternalSecret that would ask it", async () => {
    const { spec, ...generator } = await own();
    const hand = { ...generator, spec, metadata: { name: "by-hand", namespace: "llm" } };
    expect(await dry.create(hand)).toMatch(/metadata\.name: found by-hand/);
    const asking = (name: string) =>
      externalSecret({
        data: undefined,
        dataFrom: [
          {
            sourceRef: {
              generatorRef: {
                apiVersion: "generators.external-secrets.io/v1alpha1",
                kind: "VaultDynamicSecret",
                name,
              },
            },
          },
        ],
      });
    expect(await dry.create(asking("by-hand"))).toMatch(
      /generatorRef: name: found by-hand; allowed: gateway-tls/,
    );
    expect(await dry.create(asking("gateway-tls"))).toBe(accepted);
  });
}
