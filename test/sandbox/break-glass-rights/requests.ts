import { deniedGroups } from "../../../access/operators/denial.ts";
import { environment, kv } from "../operators/ground.ts";
import type { Request } from "../operators/requests.ts";
import { logins } from "./readers.ts";

export const denied = `${kv}/data/team/db`;
export const other = `${kv}/data/team/other`;
/** Of a declared rotation. */
export const admin = `${kv}/data/platform/openai-admin`;

const [first] = deniedGroups(environment);
/** The first of the groups, as a path. */
export const group = first?.path ?? "";

const own = first?.name ?? "";

/** What somebody would try who has got hold of a token of either operator. */
export const forNeither: readonly Request[] = [
  ["a value", "GET", denied],
  ["the names of values", "GET", `${kv}/subkeys/team/db`],
  ["to list", "LIST", `${kv}/metadata/team`],
  ["to put a value", "POST", denied, { data: {} }],
  ["to delete all versions", "DELETE", `${kv}/metadata/team/db`],
  ["to undelete", "POST", `${kv}/undelete/team/db`, { versions: [1] }],
  ["its own policy", "POST", `sys/policies/acl/vault-management.${environment}.break-glass`, { policy: "" }],
  ["a denied policy", "POST", `sys/policies/acl/vault-management.${environment}.denied-0`, { policy: "" }],
  ["a group's policies", "POST", group, { policies: ["root"] }],
  ["policies beside what it may", "POST", group, { metadata: {}, policies: ["optest-reader"] }],
  ["another name for a group", "POST", group, { name: "mine" }],
  ["groups as members", "POST", group, { member_group_ids: [] }],
  ["another type", "POST", group, { type: "external" }],
  ["a group by its ID", "POST", "identity/group/id/x", { member_entity_ids: [] }],
  ["a group of its own", "POST", "identity/group", { name: own, policies: ["root"] }],
  ["a group of another name", "POST", "identity/group/name/mine", { metadata: {} }],
  ["the end of a group", "DELETE", group],
  ["an entity's policies", "POST", "identity/entity/id/x", { policies: ["root"] }],
  ["an entity's metadata", "POST", "identity/entity/id/x", { metadata: { a: "b" } }],
  ["an entity", "POST", "identity/entity", { name: "x", policies: ["root"] }],
  ["the end of an entity", "DELETE", "identity/entity/id/x"],
  ["entities made one", "POST", "identity/entity/merge", { from_entity_ids: ["x"], to_entity_id: "y" }],
  [
    "a login tied to an entity",
    "POST",
    "identity/entity-alias",
    { name: "x", mount_accessor: "y", canonical_id: "z" },
  ],
  [
    "a login tied by the old name",
    "POST",
    "identity/entity-alias",
    { name: "x", mount_accessor: "y", entity_id: "z" },
  ],
  ["a login's entity changed", "POST", "identity/entity-alias/id/x", { canonical_id: "z" }],
  ["a token", "POST", "auth/token/create", {}],
  ["a token of other policies", "POST", "auth/token/create-orphan", { policies: ["root"] }],
  ["a role", "POST", "auth/optest-kubernetes/role/optest-optest-a", { token_policies: ["root"] }],
  ["a user", "POST", `auth/${logins}/users/mine`, { password: "x", token_policies: ["root"] }],
  ["a method of login", "POST", "sys/auth/mine", { type: "userpass" }],
  ["an audit device", "POST", "sys/audit/mine", { type: "file", options: { file_path: "/tmp/x" } }],
  ["the end of an audit device", "DELETE", "sys/audit/file"],
  ["leases", "POST", "sys/leases/revoke-prefix/auth/token", {}],
  ["sealing", "POST", "sys/seal", {}],
];

/** What break-glass does, and who gives access back must not. */
export const forBreakGlass: readonly Request[] = [
  ["an admin credential", "GET", admin],
  ["tokens", "LIST", "auth/token/accessors"],
  ["to end a token", "POST", "auth/token/revoke-accessor", { accessor: "x" }],
  ["to destroy", "POST", `${kv}/destroy/team/other`, { versions: [1] }],
  ["a login without entity", "POST", "identity/entity-alias", { name: "x", mount_accessor: "y" }],
];
