import { describe, expect, it } from "vitest";
import type { Finding } from "../../../cli/drift/finding.ts";
import { lookAtAll, type Outcome } from "../../../cli/drift/look.ts";
import { KubernetesError, KubernetesUnreachableError } from "../../../clients/kubernetes.ts";
import { VaultError, VaultUnreachableError } from "../../../clients/vault.ts";

const items = ["a", "b", "c"];
const lookWith = (look: (item: string) => Promise<Outcome>) =>
  lookAtAll(items, { server: "Vault", what: (item) => item, look, report: () => {} });
const finding: Finding = { server: "Vault", what: "a", drift: "missing", fields: [] };

describe("looking at one thing after the other", () => {
  it("goes on after one that is refused, and says so", async () => {
    const found = await lookWith(async (item) => {
      if (item === "b") throw new VaultError("GET", "sys/b", 403, ["permission denied"]);
      return item === "a" ? [finding] : [];
    });
    expect(found).toEqual({
      seen: { Vault: 2 },
      findings: [finding],
      unseen: [{ what: "b", why: "Vault answered 403 to GET sys/b: permission denied", failed: true }],
    });
  });

  it.each([
    ["cannot be reached", new VaultUnreachableError("https://vault", new Error("refused"))],
    ["is sealed", new VaultError("GET", "x", 503, ["Vault is sealed"])],
    ["is away (Kubernetes)", new KubernetesUnreachableError("https://api", new Error("refused"))],
  ])("says once that a server %s", async (_, error) => {
    const found = await lookWith(async () => {
      throw error;
    });
    expect(found).toMatchObject({ seen: { Vault: 0 }, findings: [] });
    expect(found.unseen).toEqual([{ what: "Vault: 3 of 3", why: error.message, failed: true }]);
  });

  it("takes a server error about one path for that path's alone", async () => {
    const found = await lookWith(async (item) => {
      if (item === "b") throw new KubernetesError(500, "etcd has no idea");
      return [];
    });
    expect(found).toMatchObject({ seen: { Vault: 2 }, unseen: [{ what: "b", failed: true }] });
  });
});
