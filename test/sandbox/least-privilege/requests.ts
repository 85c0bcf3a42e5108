import { expect, it } from "vitest";
import type { VaultMethod } from "../../../clients/vault.ts";
import { type Login, logins } from "./declared.ts";
import { asLogin, nameOf, type Stacks, statusOf } from "./ground.ts";

type Request = readonly [VaultMethod, path: string, body?: unknown];

/** `$own` stands for the mount and path of a secret that the login may read. */
const refused: readonly Request[] = [
  ["POST", "$mount/data/$key", { data: { value: "overwritten" } }],
  ["PATCH", "$mount/data/$key", { data: { value: "overwritten" } }],
  ["DELETE", "$mount/data/$key"],
  ["POST", "$mount/delete/$key", { versions: [1] }],
  ["POST", "$mount/undelete/$key", { versions: [1] }],
  ["PUT", "$mount/destroy/$key", { versions: [1] }],
  ["GET", "$mount/metadata/$key"],
  ["POST", "$mount/metadata/$key", { max_versions: 1 }],
  ["DELETE", "$mount/metadata/$key"],
  ["LIST", "$mount/metadata"],
  ["LIST", "$mount/metadata/alpha"],
  ["GET", "$mount/subkeys/$key"],
  ["GET", "$mount/config"],
  ["POST", "$mount/config", { cas_required: false }],
  ["POST", "auth/token/create", {}],
  ["POST", "auth/token/create-orphan", {}],
  ["POST", "auth/token/renew-self", {}],
  ["POST", "auth/token/lookup", { token: "x" }],
  ["LIST", "auth/token/accessors"],
  ["GET", "auth/kubernetes/config"],
  ["LIST", "auth/kubernetes/role"],
  ["GET", "auth/kubernetes/role/voyager-platform-alpha"],
  ["POST", "auth/kubernetes/role/voyager-platform-alpha", { token_policies: ["root"] }],
  ["GET", "sys/mounts"],
  ["POST", "sys/mounts/own", { type: "kv" }],
  ["GET", "sys/auth"],
  ["GET", "sys/audit"],
  ["DELETE", "sys/audit/stdout"],
  ["LIST", "sys/policies/acl"],
  ["GET", "sys/policies/acl/voyager-platform.session"],
  ["POST", "sys/policies/acl/voyager-platform.session", { policy: "" }],
  ["POST", "sys/capabilities-self", { paths: ["sys/mounts"] }],
  ["POST", "sys/wrapping/wrap", { value: "x" }],
  ["POST", "sys/tools/random", {}],
  ["POST", "sys/leases/lookup", { lease_id: "x" }],
  ["POST", "sys/seal", {}],
  ["POST", "sys/step-down", {}],
  ["GET", "sys/storage/raft/snapshot"],
  ["GET", "sys/internal/counters/activity"],
  ["GET", "cubbyhole/x"],
  ["POST", "cubbyhole/x", { value: "x" }],
  ["POST", "identity/lookup/entity", { name: "x" }],
  ["LIST", "identity/entity/id"],
  ["GET", "identity/oidc/token/x"],
];

/** Requests that were really sent, since capabilities are only what Vault says about itself. */
export function requestChecks(stacks: () => Stacks): void {
  it.each(oneWithReads())("%s is refused whatever else it asks for", async (_, login) => {
    await asLogin(stacks(), login, async (client) => {
      const [mount = "", ...key] = (login.reads[0] ?? "").split("/");
      const answers = await Promise.all(
        refused.map(async ([method, template, body]) => {
          const path = template.replace("$mount", mount).replace("$key", key.join("/"));
          return `${await statusOf(client.request(method, path, body))} ${method} ${template}`;
        }),
      );
      expect(answers).toEqual(refused.map(([method, template]) => `403 ${method} ${template}`));
    });
  });
}

function oneWithReads(): readonly (readonly [string, Login])[] {
  const stacks = Map.groupBy(logins, ({ stack }) => stack);
  return [...stacks.values()].flatMap(([login]) =>
    login === undefined ? [] : [[nameOf(login), login] as const],
  );
}
