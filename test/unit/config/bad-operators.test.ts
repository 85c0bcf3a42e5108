import { describe, expect, it } from "vitest";
import { parseSettings } from "../../../config/parse.ts";
import { type BadInput, changed, expectRefused, problemsIn } from "./declarations.ts";

const at = (path: string, value: unknown) => changed(["operators", ...path.split(".")], value);
const publicKey = "-----BEGIN PUBLIC KEY-----\nMA==\n-----END PUBLIC KEY-----\n";

const cases: readonly BadInput[] = [
  [
    "a subject with a wildcard",
    at("ci.deployer.subject", "repo:voyager/*"),
    "operators.ci.deployer.subject",
    /repo/,
    /exact/,
    /name the subject/,
  ],
  [
    "an empty subject",
    at("ci.previewer.subject", ""),
    "operators.ci.previewer.subject",
    /""/,
    /exact/,
    /name/,
  ],
  [
    "a group with a wildcard",
    at("people.groups.auditor", ["aud*"]),
    "operators.people.groups.auditor[0]",
    /aud/,
    /wildcard/,
    /name/,
  ],
  [
    "an operator that does not exist",
    at("people.groups.auditer", ["a"]),
    "operators.people.groups",
    /auditer/,
    /auditor/,
    /rename auditer to auditor/,
  ],
  [
    "both ways to CI's keys",
    at("ci.publicKeys", [publicKey]),
    "operators.ci",
    /issuer and publicKeys/,
    /exactly one/,
    /keep issuer/,
  ],
  ["no way to CI's keys", at("ci.issuer", undefined), "operators.ci", /no way/, /exactly one/, /keep issuer/],
  [
    "CI as nobody",
    at("ci", { issuer: "https://issuer.example.com" }),
    "operators.ci",
    /nobody/,
    /deployer, previewer/,
    /name one/,
  ],
  [
    "people as nobody",
    at("people.groups", {}),
    "operators.people.groups",
    /nobody/,
    /at least one/,
    /name one/,
  ],
  [
    "one CI subject for both",
    at("ci.previewer.subject", "repo:voyager/vault-management:environment:dev"),
    "operators.ci.previewer",
    /as for the deployer/,
    /other than/,
    /of their own/,
  ],
  [
    "one group for both in the cluster",
    at("kubernetes.previewer", { group: "vault-management:dev:deployer" }),
    "operators.kubernetes.previewer",
    /as for the deployer/,
    /other than/,
    /of their own/,
  ],
  [
    "one subject for break-glass and the deployer",
    at("kubernetes.break-glass", { group: "vault-management:dev:deployer" }),
    "operators.kubernetes.break-glass",
    /as for deployer/,
    /of its own/,
    /break-glass/,
  ],
  [
    "one subject to take access away and to give it back",
    at("kubernetes", { "break-glass": { user: "ada" }, "break-glass-restore": { user: "ada" } }),
    "operators.kubernetes.break-glass-restore",
    /as for break-glass/,
    /of its own/,
    /break-glass-restore/,
  ],
  [
    "everybody as the deployer",
    at("kubernetes.deployer", { group: "system:authenticated" }),
    "operators.kubernetes.deployer.group",
    /system:authenticated/,
    /either group|exact/,
    /./,
  ],
  [
    "a subject that is neither group nor user",
    at("kubernetes.deployer", { name: "x" }),
    "operators.kubernetes.deployer",
    /x/,
    /group: <name> or user/,
    /./,
  ],
  [
    "a login mount on the workloads'",
    at("ci.mount", "kubernetes"),
    "operators.ci.mount",
    /overlaps/,
    /none is/,
    /rename/,
  ],
  [
    "one login mount twice",
    at("people.mount", "jwt-ci"),
    "operators.people.mount",
    /overlaps/,
    /none is/,
    /rename/,
  ],
  [
    "a role prefix that is the operators'",
    changed(["vault", "auth", "rolePrefix"], "vault-management"),
    "vault.auth.rolePrefix",
    /vault-management/,
    /any prefix but/,
    /platform/,
  ],
];

describe("operators", () => {
  expectRefused(cases);

  it("have defaults for all that Vault's own clients agree on", () => {
    const { operators } = parseSettings(at("kubernetes", undefined), "Pulumi.test.yaml");
    expect(operators?.ci).toMatchObject({ mount: "jwt-ci", audience: "vault", tokenTtl: "30m" });
    expect(operators?.people).toMatchObject({
      mount: "oidc",
      redirectUris: ["http://localhost:8250/oidc/callback"],
      scopes: [],
      userClaim: "sub",
      groupsClaim: "groups",
      tokenTtl: "1h",
    });
  });

  it("need not be declared, and a service account may be one", () => {
    expect(problemsIn(changed(["operators"], undefined))).toEqual([]);
    expect(problemsIn(at("kubernetes.deployer", { user: "system:serviceaccount:ci:deployer" }))).toEqual([]);
  });
});
