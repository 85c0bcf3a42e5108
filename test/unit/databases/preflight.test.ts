import { afterEach, expect, it } from "vitest";
import { withVault } from "../../../clients/vault.ts";
import { connectionUrl } from "../../../components/databases/parameters.ts";
import { connectionStates, databaseProblems } from "../../../preflight/databases.ts";
import type { Purpose } from "../../../preflight/vault.ts";
import { type Answer, type FakeServer, fakeServer } from "../preflight/fake-server.ts";
import { app, batch, databaseSettings } from "./declarations.ts";

const settings = databaseSettings({ roles: { "orders-app": app, batch } });
const [orders] = settings.databases;
if (orders === undefined) throw new Error("no database");

const CONFIG = "GET /v1/database/config/orders";
const RESET = "POST /v1/database/reset/orders";
const APP = "GET /v1/database/static-roles/orders-app";
const BATCH = "GET /v1/database/roles/batch";
const role: Answer = [200, { data: { db_name: "orders" } }];

function stored(details: object = {}, verified = true): Answer {
  const connection_details = {
    username: "vault_orders",
    connection_url: connectionUrl(orders as never),
    ...details,
  };
  return [200, { data: { verify_connection: verified, connection_details } }];
}

let server: FakeServer | undefined;
afterEach(() => server?.close());

async function statesWith(answers: Readonly<Record<string, Answer>>) {
  server = await fakeServer(answers);
  const states = await withVault({ address: server.address }, (client) => connectionStates(client, settings));
  return states.map(({ initialised, waiting }) => ({ initialised, waiting }));
}

async function problemsWith(
  answers: Readonly<Record<string, Answer>>,
  purpose: Purpose = "update",
  mounts: object = {},
) {
  server = await fakeServer(answers);
  return withVault({ address: server.address }, (client) =>
    databaseProblems(client, settings, { ...mounts }, purpose),
  );
}

it.each<[string, Answer, boolean]>([
  ["that Vault does not have yet", [404, { errors: [] }], false],
  ["that may not be read", [403, { errors: ["permission denied"] }], false],
  ["without a password", stored({}, false), false],
  ["of another account", stored({ username: "vault_old" }), false],
  ["that works", stored(), true],
])("a connection %s", async (_what, answer, initialised) => {
  const waiting = initialised ? [] : ["batch", "orders-app"];
  expect(await statesWith({ [CONFIG]: answer })).toEqual([{ initialised, waiting }]);
});

it("roles that Vault has do not wait, though their connection has lost its account", async () => {
  expect(await statesWith({ [CONFIG]: stored({ username: "vault_old" }), [APP]: role })).toEqual([
    { initialised: false, waiting: ["batch"] },
  ]);
});

it("a database that Vault cannot work with stops an update that makes roles there", async () => {
  const words = "error verifying connection: ping failed: failed to connect to `host=orders-db.internal`";
  const down = { [CONFIG]: stored(), [BATCH]: role, [RESET]: [500, { errors: [words] }] as const };
  expect(await problemsWith(down)).toEqual([
    {
      path: "databases.orders.host",
      found: `orders-db.internal:5432, where Vault cannot work as vault_orders: ${words}`,
      allowed: "a database that lets Vault in while roles are made there (orders-app)",
      fix: expect.stringContaining("nothing was changed"),
    },
  ]);
});

it.each<[string, Readonly<Record<string, Answer>>, Purpose]>([
  ["for a preview, which may only read", { [CONFIG]: stored() }, "preview"],
  ["where every role is there", { [CONFIG]: stored(), [APP]: role, [BATCH]: role }, "update"],
  ["before the first password", { [CONFIG]: stored({}, false) }, "update"],
  [
    "where another address is declared: Vault tries that when it is written",
    { [CONFIG]: stored({ connection_url: "x" }) },
    "update",
  ],
])("Vault is not asked to connect %s", async (_when, answers, purpose) => {
  expect(await problemsWith(answers, purpose)).toEqual([]);
  expect(server?.requests).not.toContain(RESET);
});

it("a token without the right to ask is reported by its capabilities alone", async () => {
  expect(
    await problemsWith({ [CONFIG]: stored(), [RESET]: [403, { errors: ["permission denied"] }] }),
  ).toEqual([]);
  expect(server?.requests).toContain(RESET);
});

it("a mount that is somebody else's, or another engine's, is refused", async () => {
  const found = async (mount: object) =>
    (await problemsWith({}, "update", { "database/": mount })).map((one) => `${one.path}: ${one.found}`);
  expect(await found({ type: "kv", description: "" })).toEqual([
    'databases.orders.mount: "database", a mount of type kv',
  ]);
  expect(await found({ type: "database", description: "vault-management prod" })).toEqual([
    expect.stringContaining("belongs to the stack of environment prod"),
  ]);
  expect(await found({ type: "database", description: "vault-management dev" })).toEqual([]);
});
