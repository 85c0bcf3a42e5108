import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { goDuration, seconds } from "../../../components/durations.ts";
import { policyNames } from "../../../components/vault/policies.ts";
import { jwtRole, kubernetesRole, storeAccount } from "../../../components/vault/roles.ts";
import type { NamespaceSettings, Settings, StoreSettings } from "../../../config/schema.ts";
import { durationMs } from "../../../config/values.ts";
import { anySettings, settingsOf, settingsWith } from "../arbitrary-settings.ts";

function llmOf(settings: Settings): readonly [NamespaceSettings, StoreSettings] {
  const namespace = settings.namespaces.find(({ name }) => name === "llm");
  const [store] = namespace?.stores ?? [];
  if (!namespace || !store) throw new Error("the stack declares llm and its store");
  return [namespace, store];
}

describe("role of a namespace", () => {
  it("binds one service account, one namespace, the audience and the service policies", () => {
    const settings = settingsOf("dev");
    expect(kubernetesRole(settings, storeAccount(settings, ...llmOf(settings)))).toEqual({
      roleName: "voyager-platform-llm",
      boundServiceAccountNames: ["vault-store"],
      boundServiceAccountNamespaces: ["llm"],
      audience: "vault",
      tokenPolicies: ["voyager-platform.session", "voyager-platform.llm.llm-gateway"],
      tokenNoDefaultPolicy: true,
      tokenTtl: 600,
      tokenMaxTtl: 1800,
      tokenBoundCidrs: [],
      tokenType: "service",
    });
  });

  it("binds the same service account by its subject with jwt", () => {
    const settings = settingsOf("dev");
    const { boundServiceAccountNames, boundServiceAccountNamespaces, audience, ...token } = kubernetesRole(
      settings,
      storeAccount(settings, ...llmOf(settings)),
    );
    expect(jwtRole(settings, storeAccount(settings, ...llmOf(settings)))).toEqual({
      ...token,
      roleType: "jwt",
      userClaim: "sub",
      boundAudiences: [audience],
      boundSubject: `system:serviceaccount:${boundServiceAccountNamespaces}:${boundServiceAccountNames}`,
    });
  });

  it("writes single addresses as Vault gives them back", () => {
    const settings = settingsWith(
      ["vault", "egressCidrs"],
      ["10.1.2.3/32", "10.1.0.0/16", "2001:db8::1/128", "2001:db8::/32"],
    );
    expect(kubernetesRole(settings, storeAccount(settings, ...llmOf(settings))).tokenBoundCidrs).toEqual([
      "10.1.2.3",
      "10.1.0.0/16",
      "2001:db8::1",
      "2001:db8::/32",
    ]);
  });

  it("never binds a wildcard, and has a name of its own, for any declaration", () => {
    fc.assert(
      fc.property(anySettings, (settings) => {
        const roles = settings.namespaces.flatMap((namespace) =>
          namespace.stores.map((store) => {
            const role = kubernetesRole(settings, storeAccount(settings, namespace, store));
            expect(role.boundServiceAccountNames).toEqual([store.serviceAccount]);
            expect(role.boundServiceAccountNamespaces).toEqual([namespace.name]);
            expect(role.tokenPolicies).toEqual(policyNames("voyager-platform", namespace, store));
            expect(
              JSON.stringify([role, jwtRole(settings, storeAccount(settings, namespace, store))]),
            ).not.toContain("*");
            return role.roleName;
          }),
        );
        expect(new Set(roles).size).toBe(roles.length);
      }),
    );
  });
});

describe("roles with isolation by service", () => {
  const settings = settingsWith(["namespaces", "llm"], {
    isolation: "service",
    services: {
      gateway: { secrets: { one: { data: { a: "llm/one#a" } } } },
      worker: { secrets: { two: { data: { a: "llm/two#a" } } } },
      idle: { secrets: {} },
    },
  });
  const llm = settings.namespaces.find(({ name }) => name === "llm");

  it("are one for each service with secrets, bound to its own service account and holding its own policy alone", () => {
    const roles = (llm?.stores ?? []).map(
      (store) => llm && kubernetesRole(settings, storeAccount(settings, llm, store)),
    );
    expect(roles).toMatchObject([
      {
        roleName: "voyager-platform-llm.gateway",
        boundServiceAccountNames: ["vault-store-gateway"],
        tokenPolicies: ["voyager-platform.session", "voyager-platform.llm.gateway"],
      },
      {
        roleName: "voyager-platform-llm.worker",
        boundServiceAccountNames: ["vault-store-worker"],
        tokenPolicies: ["voyager-platform.session", "voyager-platform.llm.worker"],
      },
    ]);
  });
});

describe("durations", () => {
  it.each([
    ["24h", "24h0m0s"],
    ["90m", "1h30m0s"],
    ["90s", "1m30s"],
    ["10s", "10s"],
    ["1500ms", "1.5s"],
    ["500ms", "500ms"],
    ["0s", "0s"],
  ])("%s is %s to Go", (written, canonical) => {
    expect(goDuration(written)).toBe(canonical);
  });

  it("keep their length when they are written as Go writes them", () => {
    fc.assert(
      fc.property(fc.nat({ max: 10_000_000 }), (milliseconds) => {
        expect(Math.round(durationMs(goDuration(`${milliseconds}ms`)))).toBe(milliseconds);
      }),
    );
  });

  it("are whole seconds to Vault, never fewer than declared", () => {
    expect(seconds("1h30m")).toBe(5400);
    expect(seconds("10500ms")).toBe(11);
  });
});
