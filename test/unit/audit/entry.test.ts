import { describe, expect, it } from "vitest";
import { parseLine } from "../../../audit/entry/entry.ts";
import { reasonOf } from "../../../audit/entry/reason.ts";
import { hashed, kubernetesLine, kvAnswer, llmStore, operator, vaultLine } from "./entries.ts";

const accessOf = (line: string) => parseLine(line).entry?.access;

describe("an entry of Vault", () => {
  it("names the service account and role of a kubernetes login, and the version that was read", () => {
    expect(accessOf(vaultLine({ response: kvAnswer }))).toMatchObject({
      source: "vault",
      who: { kind: "service account", name: "llm/vault-store", role: "voyager-platform-llm" },
      operation: "read",
      path: "kv/data/llm/openai",
      version: 2,
      outcome: "allowed",
      remoteAddress: "10.0.0.7",
    });
  });

  it("names the service account of a jwt login, which Vault knows by the token's subject alone", () => {
    const auth = { display_name: "jwt-dev-system:serviceaccount:llm:vault-store", metadata: { role: "r" } };
    expect(accessOf(vaultLine({ auth }))?.who).toMatchObject({
      kind: "service account",
      name: "llm/vault-store",
      role: "r",
    });
  });

  it("names an operator with the policies of the token", () => {
    const auth = operator("oidc-alice", "default", "vault-management.dev.auditor");
    expect(accessOf(vaultLine({ auth }))?.who).toEqual({
      kind: "operator",
      name: "oidc-alice",
      policies: ["default", "vault-management.dev.auditor"],
    });
  });

  it("names who made a token, not whom the token is for", () => {
    const response = { auth: operator("token-bob", "root") };
    const line = vaultLine({ auth: operator("root", "root"), path: "auth/token/create", response });
    expect(accessOf(line)?.who.name).toBe("root");
  });

  it("of a login names whom it let in", () => {
    const line = vaultLine({ auth: {}, path: "auth/kubernetes/login", response: { auth: llmStore } });
    expect(accessOf(line)).toMatchObject({ who: { name: "llm/vault-store" }, outcome: "allowed" });
  });

  it.each([
    [
      "denied",
      { error: "1 error occurred:\n\t* permission denied\n\n", response: { data: { error: hashed } } },
    ],
    ["denied", { auth: {}, error: "namespace not authorized", path: "auth/kubernetes/login", response: {} }],
    ["denied", { auth: {}, path: "auth/jwt/login", response: { data: { error: hashed } } }],
    ["denied", { auth: { policy_results: { allowed: false } } }],
    ["failed", { error: "check-and-set parameter did not match the current version", response: {} }],
    ["failed", { response: { data: { error: hashed } } }],
    ["unanswered", {}],
  ])("is %s: %j", (outcome, fields) => {
    expect(accessOf(vaultLine(fields))?.outcome).toBe(outcome);
  });

  it("shows no error that might quote the request", () => {
    expect(reasonOf('error converting input "hunter2" for field "data"')).not.toContain("hunter2");
    expect(reasonOf("2 errors occurred:\n\t* permission denied\n\t* invalid token: hunter2")).toBe(
      "permission denied, invalid token",
    );
  });
});

describe("an event of Kubernetes", () => {
  it("names a service account as Vault's log does", () => {
    const access = accessOf(kubernetesLine({ user: "system:serviceaccount:vault:external-secrets" }));
    expect(access?.who).toEqual({ kind: "service account", name: "vault/external-secrets" });
    expect(access?.path).toBe("secrets llm/openai-api-key");
  });

  it("names the pod whose token it was", () => {
    const user = "system:serviceaccount:vault:external-secrets";
    expect(accessOf(kubernetesLine({ user, pod: "eso-1" }))?.who).toMatchObject({ pod: "eso-1" });
  });

  it("names who was impersonated and by whom, and the one address that the client cannot choose", () => {
    const access = accessOf(kubernetesLine({ user: "admin", impersonated: "bob", code: 403 }));
    expect(access?.who).toEqual({ kind: "kubernetes user", name: "bob", impersonatedBy: "admin" });
    expect(access).toMatchObject({ outcome: "denied", remoteAddress: "10.0.0.9" });
  });

  it("is of one request only with the same audit ID and the same time: clients choose the ID", () => {
    const [first, stage, other] = [
      kubernetesLine({ stage: "ResponseStarted" }),
      kubernetesLine({ written: "2026-11-24T04:00:00Z" }),
      kubernetesLine({ time: "2026-11-24T03:25:33Z" }),
    ].map((line) => accessOf(line)?.key);
    expect(stage).toBe(first);
    expect(other).not.toBe(first);
  });
});

describe("a line", () => {
  it("that a crash cut off may have the next entry behind it", () => {
    const whole = vaultLine({ id: "11111111-33ee-7ebc-82b9-b572a2a9e6eb" });
    const { entry, torn } = parseLine(vaultLine({}).slice(0, 200) + whole);
    expect(torn).toBe(true);
    expect(entry?.access.id).toBe("11111111-33ee-7ebc-82b9-b572a2a9e6eb");
  });

  it("of JSON that is no entry is none", () => {
    expect(parseLine('{"@level":"info","@message":"x"}')).toEqual({ torn: false });
    expect(parseLine('{"type":"request"}')).toEqual({ torn: false });
    expect(parseLine('{"a":')).toEqual({ torn: true });
  });
});
