import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { filtered } from "../../../access/filter.ts";
import { accessMatrix, SESSION_GRANTS } from "../../../access/matrix.ts";
import { servicePolicies, sessionPolicy } from "../../../components/vault/policies.ts";
import { kubernetesRole, storeAccount } from "../../../components/vault/roles.ts";
import type { NamespaceSettings, Settings, StoreSettings } from "../../../config/schema.ts";
import { anySettings, settingsOf } from "../arbitrary-settings.ts";
import { namespaceOf, stackOf } from "./declarations.ts";

/** Every grant of the policies that a store's role carries, as `capabilities path`; from their text alone. */
function grantsOfRole(settings: Settings, namespace: NamespaceSettings, store: StoreSettings) {
  const { rolePrefix } = settings.vault.auth;
  const documents = [
    sessionPolicy(rolePrefix, settings.environment),
    ...servicePolicies(rolePrefix, namespace),
  ];
  const attached = kubernetesRole(settings, storeAccount(settings, namespace, store)).tokenPolicies;
  const texts = attached.map((name) => documents.find((one) => one.name === name)?.document ?? "missing");
  return texts.flatMap((text) =>
    [...text.matchAll(/path "([^"]*)" \{\s*capabilities = \[([^\]]*)\]/g)].map(
      ([, path, capabilities]) => `${capabilities} ${path}`,
    ),
  );
}

const session = SESSION_GRANTS.map(({ path, capability }) => `"${capability}" ${path}`);

describe("the matrix", () => {
  it("of the reference declaration has one cell, and a login that reads nothing", () => {
    const { logins, services, paths } = accessMatrix(settingsOf("dev"));
    expect(paths).toEqual([
      { mount: "kv", key: "llm/openai", path: "kv/data/llm/openai", capability: "read" },
    ]);
    expect(services).toEqual([
      {
        namespace: "llm",
        service: "llm-gateway",
        role: "voyager-platform-llm",
        cells: [
          {
            mount: "kv",
            key: "llm/openai",
            path: "kv/data/llm/openai",
            capability: "read",
            access: "declares",
            policies: ["voyager-platform.llm.llm-gateway"],
          },
        ],
      },
    ]);
    expect(
      logins.map(({ namespace, serviceAccount, reads }) => [namespace, serviceAccount, reads.length]),
    ).toEqual([
      ["llm", "vault-store", 1],
      ["user", "vault-store", 0],
    ]);
  });

  it("says that services which share a login reach each other's paths", () => {
    const { services } = accessMatrix(
      stackOf({ shop: namespaceOf({ cart: ["a", "both"], mail: ["b", "both"] }) }),
    );
    const cells = services.map(({ service, cells }) => [
      service,
      cells.map(({ key, access }) => `${key} ${access}`),
    ]);
    expect(cells).toEqual([
      ["cart", ["a declares", "b reaches", "both declares"]],
      ["mail", ["a reaches", "b declares", "both declares"]],
    ]);
  });

  it("names every policy that a path is read through", () => {
    const [login] = accessMatrix(stackOf({ shop: namespaceOf({ cart: ["both"], mail: ["both"] }) })).logins;
    expect(login?.reads).toMatchObject([
      {
        key: "both",
        policies: ["voyager-platform.shop.cart", "voyager-platform.shop.mail"],
        declaredBy: ["cart", "mail"],
      },
    ]);
  });

  it("gives each service its own login with isolation by service, and none to a service without secrets", () => {
    const shop = namespaceOf({ cart: ["a"], mail: ["b"], idle: [] }, { isolation: "service" });
    const { services, logins } = accessMatrix(stackOf({ shop }));
    expect(services.map(({ service, role, cells }) => [service, role, cells.map(({ key }) => key)])).toEqual([
      ["cart", "voyager-platform-shop.cart", ["a"]],
      ["idle", null, []],
      ["mail", "voyager-platform-shop.mail", ["b"]],
    ]);
    expect(logins.map(({ serviceAccount }) => serviceAccount)).toEqual([
      "vault-store-cart",
      "vault-store-mail",
    ]);
  });

  it("has exactly the grants that stand in the text of each role's policies, for any declaration", () => {
    fc.assert(
      fc.property(anySettings, (settings) => {
        const { logins } = accessMatrix(settings);
        const stores = settings.namespaces.flatMap((namespace) =>
          namespace.stores.map((store) => ({ namespace, store })),
        );
        expect(logins.length).toBe(stores.length);
        for (const { namespace, store } of stores) {
          const login = logins.find((one) => one.namespace === namespace.name && one.store === store.name);
          const reachable = login?.reads.map(({ path }) => `"read" ${path}`) ?? [];
          expect(new Set([...reachable, ...session])).toEqual(
            new Set(grantsOfRole(settings, namespace, store)),
          );
        }
      }),
    );
  });

  it("gives a service's row the cells of its login, no more and no fewer, for any declaration", () => {
    fc.assert(
      fc.property(anySettings, (settings) => {
        const { logins, services } = accessMatrix(settings);
        for (const { role, cells } of services) {
          const login = logins.find((one) => one.role === role);
          expect(cells.map(({ path }) => path)).toEqual(login?.reads.map(({ path }) => path) ?? []);
        }
      }),
    );
  });
});

describe("a filter", () => {
  const matrix = accessMatrix(
    stackOf({ a: namespaceOf({ one: ["x/y"], two: ["z"] }), b: namespaceOf({ three: ["x/y"] }) }),
  );

  it.each(["kv/x/y", "x/y", "kv/data/x/y"])("on the path %s keeps everybody who can read it", (path) => {
    const { logins, services, paths } = filtered(matrix, { path });
    expect(paths.map(({ key }) => key)).toEqual(["x/y"]);
    expect(logins.map(({ namespace }) => namespace)).toEqual(["a", "b"]);
    expect(services.map(({ service, cells }) => `${service} ${cells.map(({ access }) => access)}`)).toEqual([
      "one declares",
      "two reaches",
      "three declares",
    ]);
  });

  it("on a namespace keeps what its logins read", () => {
    const { logins, paths } = filtered(matrix, { namespace: "b" });
    expect(logins.map(({ namespace }) => namespace)).toEqual(["b"]);
    expect(paths.map(({ key }) => key)).toEqual(["x/y"]);
  });

  it("on what is not declared names what is", () => {
    expect(() => filtered(matrix, { path: "x" })).toThrow(/No path x is declared[\s\S]*kv\/x\/y\n {2}kv\/z/);
    expect(() => filtered(matrix, { namespace: "c" })).toThrow(/No namespace c is declared[\s\S]*a\n {2}b/);
  });
});
