import { randomBytes } from "node:crypto";
import { exportSPKI, generateKeyPair, SignJWT } from "jose";
import { Agent, request } from "undici";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { applyVault } from "../../cli/bootstrap/apply.ts";
import { planVault } from "../../cli/bootstrap/plan.ts";
import { VaultClient, VaultError, withVault } from "../../clients/vault.ts";
import type { Settings } from "../../config/schema.ts";
import type { RunningSandbox } from "../../sandbox/sandbox.ts";
import { useSandbox } from "./harness.ts";
import { rootVault } from "./main-job/ground.ts";
import { ci, cleanUp, clientWith, people, settingsFor } from "./operators/ground.ts";
import {
  clientId,
  type IdentityProvider,
  redirectUri,
  startIdentityProvider,
} from "./operators/identity-provider.ts";

const clientSecret = randomBytes(18).toString("base64url");
const subjects = {
  deployer: "repo:voyager/platform:environment:optest",
  previewer: "repo:voyager/platform:environment:optest-preview",
};

describe("bootstrap", () => {
  let sandbox: RunningSandbox;
  let root: VaultClient;
  let settings: Settings;
  let provider: IdentityProvider;
  let keys: Awaited<ReturnType<typeof generateKeyPair>>;

  beforeAll(async () => {
    sandbox = await useSandbox();
    root = await rootVault(sandbox);
    keys = await generateKeyPair("RS256");
    provider = await startIdentityProvider(sandbox, clientSecret, {
      ada: ["platform-audit", "everybody"],
      bob: ["everybody"],
    });
    settings = settingsFor(sandbox, { operators: await operators() });
    await applyVault(root, settings, { clientSecret });
  });

  afterAll(async () => {
    await cleanUp(root);
    await provider.close();
    await root.close();
  });

  async function operators(changes: Readonly<Record<string, unknown>> = {}) {
    return {
      ci: {
        mount: ci,
        publicKeys: [await exportSPKI(keys.publicKey)],
        deployer: { subject: subjects.deployer },
        previewer: { subject: subjects.previewer },
      },
      people: {
        mount: people,
        issuer: provider.issuer,
        issuerCaCertificate: sandbox.vault.caPem,
        clientId,
        scopes: ["groups"],
        groups: { auditor: ["platform-audit"], "secret-admin": ["platform-secrets"] },
      },
      ...changes,
    };
  }

  const changed = async (declared: Settings, options = {}) =>
    (await applyVault(root, declared, options))
      .filter(({ action }) => action !== "keep")
      .map(({ action, path, fields }) => [action, path, ...fields].join(" "));

  describe("what it has set up", () => {
    it("stays as it is when it runs again, the OIDC client's secret included", async () => {
      expect(await changed(settings)).toEqual([]);
      expect((await planVault(root, settings)).every(({ action }) => action === "keep")).toBe(true);
    });

    it("is mended where somebody has changed it, and the field is named", async () => {
      const role = `auth/${ci}/role/optest-deployer`;
      await root.write(role, { ...(await root.read(role)), bound_subject: "somebody else" });
      await root.write("sys/policies/acl/vault-management.optest.auditor", {
        policy: 'path "a" { capabilities = ["read"] }',
      });
      expect(await changed(settings)).toEqual([
        "change sys/policies/acl/vault-management.optest.auditor policy",
        `change ${role} bound_subject`,
      ]);
      expect(await changed(settings)).toEqual([]);
    });

    it("gives tokens that end, are no default's and cannot be renewed for ever", async () => {
      expect(await root.read(`auth/${ci}/role/optest-deployer`)).toMatchObject({
        token_policies: ["vault-management.optest.deployer"],
        token_no_default_policy: true,
        token_ttl: 1_800,
        token_explicit_max_ttl: 1_800,
        token_type: "service",
        bound_subject: subjects.deployer,
        bound_audiences: ["vault"],
      });
    });

    it("is taken back from an operator who is declared no more", async () => {
      const declared = await operators();
      const without = settingsFor(sandbox, {
        operators: {
          ci: { ...declared.ci, previewer: undefined },
          people: { ...declared.people, groups: { auditor: ["platform-audit"] } },
        },
      });
      expect(await changed(without)).toEqual([
        `remove auth/${ci}/role/optest-previewer`,
        `remove auth/${people}/role/optest-secret-admin`,
      ]);
      expect(await changed(settings)).toEqual([
        `create auth/${ci}/role/optest-previewer`,
        `create auth/${people}/role/optest-secret-admin`,
      ]);
    });

    it("lets the next update remove what an earlier declaration left", async () => {
      await root.write("sys/policies/acl/optest.gone.api", {
        policy: 'path "a" { capabilities = ["read"] }',
      });
      expect(await changed(settings)).toEqual([
        "change sys/policies/acl/vault-management.optest.deployer policy",
      ]);
      const deployer = await clientWith(root, sandbox, "vault-management.optest.deployer");
      await expect(deployer.write("sys/policies/acl/optest.gone.api", { policy: "" })).rejects.toMatchObject({
        status: 403,
      });
      await deployer.delete("sys/policies/acl/optest.gone.api");
      await deployer.close();
      await changed(settings);
    });
  });

  describe("CI", () => {
    const logIn = async (
      role: string,
      claims: { readonly sub: string; readonly aud?: string },
      key = keys.privateKey,
    ) => {
      const { sub, aud = "vault" } = claims;
      const jwt = await new SignJWT({})
        .setProtectedHeader({ alg: "RS256" })
        .setSubject(sub)
        .setAudience(aud)
        .setIssuedAt()
        .setExpirationTime("5m")
        .sign(key);
      const { address, caPem } = sandbox.vault;
      const login = (nobody: VaultClient) => nobody.write(`auth/${ci}/login`, { role, jwt });
      return (await withVault({ address, caPem }, login)).auth;
    };

    it.each(["deployer", "previewer"] as const)(
      "logs in as the %s by its job's own token",
      async (operator) => {
        const auth = await logIn(`optest-${operator}`, { sub: subjects[operator] });
        expect(auth).toMatchObject({
          policies: [`vault-management.optest.${operator}`],
          lease_duration: 1_800,
        });
      },
    );

    it("is refused with another subject, a longer one, another audience or another key", async () => {
      const other = await generateKeyPair("RS256");
      const { deployer, previewer } = subjects;
      const refused = [
        () => logIn("optest-deployer", { sub: previewer }),
        () => logIn("optest-deployer", { sub: `${deployer}2` }),
        () => logIn("optest-deployer", { sub: deployer, aud: "kubernetes" }),
        () => logIn("optest-deployer", { sub: deployer }, other.privateKey),
        () => logIn("optest-auditor", { sub: deployer }),
      ];
      for (const attempt of refused) await expect(attempt()).rejects.toBeInstanceOf(VaultError);
    });
  });

  describe("people", () => {
    async function logIn(role: string, account: string) {
      const nobody = new VaultClient({ address: sandbox.vault.address, caPem: sandbox.vault.caPem });
      const dispatcher = new Agent({ connect: { ca: sandbox.vault.caPem } });
      const nonce = randomBytes(12).toString("hex");
      try {
        const asked = { role, redirect_uri: redirectUri, client_nonce: nonce };
        const { data } = await nobody.write(`auth/${people}/oidc/auth_url`, asked);
        const { searchParams } = await provider.logIn(String(data?.auth_url), account);
        searchParams.set("client_nonce", nonce);
        const back = `${sandbox.vault.address}/v1/auth/${people}/oidc/callback?${searchParams}`;
        const answer = await request(back, { dispatcher });
        return {
          status: answer.statusCode,
          body: (await answer.body.json()) as Readonly<Record<string, unknown>>,
        };
      } finally {
        await nobody.close();
        await dispatcher.close();
      }
    }

    it("log in at the identity provider, by their group", async () => {
      const { status, body } = await logIn("optest-auditor", "ada");
      expect(status, JSON.stringify(body)).toBe(200);
      expect(body.auth).toMatchObject({
        policies: ["vault-management.optest.auditor"],
        metadata: { role: "optest-auditor" },
        lease_duration: 3_600,
      });
    });

    it.each([
      ["whose groups are others", "optest-auditor", "bob"],
      ["who ask for another operator's role", "optest-secret-admin", "ada"],
    ])("are refused %s", async (_what, role, account) => {
      const { status, body } = await logIn(role, account);
      expect(status).toBe(400);
      expect(body.auth).toBeUndefined();
      expect(String(body.errors)).toMatch(/claim "groups" does not match/);
    });
  });

  describe("what cannot be", () => {
    it("is refused for a token without the rights, each named, and nothing is changed", async () => {
      const auditor = await clientWith(root, sandbox, "vault-management.optest.auditor");
      const role = `auth/${ci}/role/optest-deployer`;
      await root.write(role, { ...(await root.read(role)), bound_subject: "somebody else" });
      await expect(applyVault(auditor, settings)).rejects.toThrow(
        /nothing was changed[\s\S]*vault-management\.optest\.deployer[\s\S]*without update[\s\S]*optest-deployer/,
      );
      expect((await root.read(role))?.bound_subject).toBe("somebody else");
      await applyVault(root, settings);
      await auditor.close();
    });

    it("is a login mount of another type, found before anything is changed", async () => {
      const declared = await operators();
      const wrong = settingsFor(sandbox, { operators: { ci: { ...declared.ci, mount: people } } });
      await expect(applyVault(root, wrong)).rejects.toThrow(
        /optest-oidc.*another type than jwt.*nothing was changed/,
      );
    });

    it("is a new OIDC configuration without its secret", async () => {
      const declared = await operators();
      const other = settingsFor(sandbox, {
        operators: { ...declared, people: { ...declared.people, clientId: "other" } },
      });
      await expect(applyVault(root, other)).rejects.toThrow(
        /client's secret is needed.*--client-secret.*nothing was changed/,
      );
      expect(await changed(settings)).toEqual([]);
    });

    it("is a Vault that does not answer", async () => {
      const nobody = new VaultClient({ address: "https://127.0.0.1:1", token: "x" });
      await expect(applyVault(nobody, settings)).rejects.toThrow(/cannot be reached/);
      await nobody.close();
    });
  });
});
