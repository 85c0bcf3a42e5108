import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  policyNames,
  secretReads,
  servicePolicies,
  servicePolicy,
  sessionPolicy,
} from "../../../components/vault/policies.ts";
import type { Settings } from "../../../config/schema.ts";
import { anySettings, rawNamespaces, settingsOf, settingsWith } from "../arbitrary-settings.ts";
import { creds, issue, withGenerators } from "../generators.ts";

const PREFIX = "voyager-platform";

/** path -> capabilities of a policy document; throws on anything that is no plain grant, but for a first comment. */
function grantsIn(text: string): readonly (readonly [string, string])[] {
  const document = text.replace(/^# .*\n/, "");
  const grants = [...document.matchAll(/path "([^"]*)" \{\n {2}capabilities = \[([^\]]*)\]\n\}\n/g)];
  const rest = grants.reduce((text, [whole]) => text.replace(whole, ""), document);
  if (rest.trim() !== "") throw new Error(`not a grant: ${rest}`);
  return grants.map(([, path = "", capabilities = ""]) => [path, capabilities]);
}

function namespacesOf(settings: Settings) {
  return settings.namespaces.flatMap((namespace) =>
    namespace.services.map((service) => ({ namespace, service })),
  );
}

describe("policy of a service", () => {
  it("grants the reference declaration's one read", () => {
    const [llm] = settingsOf("dev").namespaces;
    const [gateway] = llm?.services ?? [];
    if (!llm || !gateway) throw new Error("the dev stack declares llm");
    expect(servicePolicy(PREFIX, llm, gateway)).toEqual({
      name: "voyager-platform.llm.llm-gateway",
      document: 'path "kv/data/llm/openai" {\n  capabilities = ["read"]\n}\n',
    });
  });

  it("grants exactly the declared reads, each once and sorted, without a wildcard, for any declaration", () => {
    fc.assert(
      fc.property(anySettings, (settings) => {
        for (const { namespace, service } of namespacesOf(settings)) {
          const declaredKeys = service.secrets.flatMap(({ data, dataFrom }) => [
            ...Object.values(data).map((ref) => ref.key),
            ...dataFrom.map(({ extract }) => extract.key),
          ]);
          const grants = grantsIn(servicePolicy(PREFIX, namespace, service).document);
          const paths = grants.map(([path]) => path);
          expect(new Set(paths)).toEqual(new Set(declaredKeys.map((key) => `kv/data/${key}`)));
          expect(paths).toEqual([...new Set(paths)].toSorted());
          expect(grants.every(([, capabilities]) => capabilities === '"read"')).toBe(true);
          expect(paths.join()).not.toMatch(/[*+]/);
        }
      }),
    );
  });

  it("does not depend on the order in the file", () => {
    fc.assert(
      fc.property(rawNamespaces, (raw) => {
        const forwards = settingsWith(["namespaces"], raw);
        const backwards = settingsWith(["namespaces"], reversed(raw));
        const documents = (settings: Settings) =>
          settings.namespaces.map((namespace) => servicePolicies(PREFIX, namespace));
        expect(documents(backwards)).toEqual(documents(forwards));
      }),
    );
  });

  it("is left out where nothing is read: Vault refuses an empty one", () => {
    const settings = settingsWith(["namespaces", "llm"], { store: {}, services: { idle: { secrets: {} } } });
    const [llm] = settings.namespaces;
    const [store] = llm?.stores ?? [];
    if (!llm || !store) throw new Error("declared above");
    expect(servicePolicies(PREFIX, llm)).toEqual([]);
    expect(policyNames(PREFIX, llm, store)).toEqual(["voyager-platform.session"]);
  });
});

describe("policy names", () => {
  it("name the session's and every service policy, without a duplicate in the whole stack", () => {
    fc.assert(
      fc.property(anySettings, (settings) => {
        const all = settings.namespaces.flatMap((namespace) => {
          const services = namespace.stores.flatMap((store) => {
            const [session, ...names] = policyNames(PREFIX, namespace, store);
            expect(session).toBe("voyager-platform.session");
            return names;
          });
          expect(services).toEqual(servicePolicies(PREFIX, namespace).map(({ name }) => name));
          return services;
        });
        expect(new Set(all).size).toBe(all.length);
      }),
    );
  });
});

describe("session policy", () => {
  it("grants the two calls of ESO, and no more", () => {
    expect(grantsIn(sessionPolicy(PREFIX, "dev").document)).toEqual([
      ["auth/token/lookup-self", '"read"'],
      ["auth/token/revoke-self", '"update"'],
    ]);
  });
});

it("secretReads names a path once however many keys and extracts use it", () => {
  const settings = settingsWith(["namespaces", "llm", "services", "llm-gateway", "secrets"], {
    one: { data: { a: "x/y#a", b: "x/y#b" }, dataFrom: [{ extract: { key: "x/y" } }] },
    two: { data: { a: "b#a" } },
  });
  const service = settings.namespaces[0]?.services[0];
  expect(service && secretReads(service)).toEqual(["b", "x/y"]);
});

function reversed<T>(value: T): T {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([name, inner]) => [name, reversed(inner)]),
  ) as T;
}

it("grants what a service's engines are asked, beside its reads: read for GET, update for POST", () => {
  const [llm] = withGenerators(settingsOf("dev"), creds, issue, creds).namespaces;
  const [gateway] = llm?.services ?? [];
  if (!llm || !gateway) throw new Error("the dev stack declares llm");
  expect(grantsIn(servicePolicy(PREFIX, llm, gateway).document)).toEqual([
    ["kv/data/llm/openai", '"read"'],
    ["database/creds/orders-report", '"read"'],
    ["pki-int/issue/web", '"update"'],
  ]);
  const alone = { ...gateway, secrets: gateway.secrets.map((secret) => ({ ...secret, data: {} })) };
  expect(servicePolicies(PREFIX, llm, [alone])).toHaveLength(1);
});
