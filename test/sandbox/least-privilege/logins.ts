import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ServiceAccountRef } from "../main-job/cluster.ts";
import { allowReviews, makeStranger, removeNamespace, resigned, whileDeleted } from "./accounts.ts";
import { type Login, logins } from "./declared.ts";
import { accountOf, accountToken, attempt, nameOf, type Stacks } from "./ground.ts";

const accepted = 200;
/** What each method answers to a login that it refuses. */
const refusal = { dev: 403, prod: 403, edge: 400 } as const;

/** Who can log in by which role: service accounts of the declaration, others, and tokens that are not as they should be. */
export function loginChecks(stacks: () => Stacks): void {
  const both = async (account: ServiceAccountRef) =>
    stacks().cluster.token(account, ["vault", stacks().sandbox.kubernetes.apiAudience]);
  const outcome = async (login: Login, jwt: string) => {
    const { status, token } = await attempt(stacks(), login, jwt);
    if (token !== "") await stacks().vault.write("auth/token/revoke", { token });
    return status;
  };

  describe("over all ordered pairs of an account and a role", () => {
    const ownDefault = { namespace: "alpha", name: "default" };
    const operator = { namespace: "vault", name: "external-secrets" };
    const stranger = { namespace: "stranger", name: "vault-store" };
    let disallow: (() => Promise<void>) | undefined;
    beforeAll(async () => {
      const { sandbox } = stacks();
      await makeStranger(sandbox, stranger);
      disallow = await allowReviews(sandbox, [ownDefault, operator, stranger]);
    });
    afterAll(async () => {
      await disallow?.();
      await removeNamespace(stacks().sandbox, stranger.namespace);
    });

    const everyRole = async (account: ServiceAccountRef) => {
      const jwt = await both(account);
      return Promise.all(logins.map(async (login) => [login.role, await outcome(login, jwt)]));
    };

    it.each(logins.map((own) => [nameOf(own), own] as const))(
      "%s logs in by its own role and by no other, of its stack or another",
      async (_, own) => {
        const expected = logins.map((login) => [login.role, login === own ? accepted : refusal[login.stack]]);
        expect(await everyRole(accountOf(own))).toEqual(expected);
      },
    );

    it.each([
      ["the namespace's own default account", ownDefault],
      ["ESO's account", operator],
      ["an account of the right name in a namespace that no stack declares", stranger],
    ])("%s logs in by none, although the cluster would review its token", async (_, account) => {
      const expected = logins.map((login) => [login.role, refusal[login.stack]]);
      expect(await everyRole(account)).toEqual(expected);
    });
  });

  const ofStack = (stack: Login["stack"]) => {
    const login = logins.find((one) => one.stack === stack);
    if (login === undefined) throw new Error(`no login of the stack ${stack}`);
    return login;
  };
  const methods = [
    ["kubernetes", ofStack("dev")],
    ["jwt", ofStack("edge")],
  ] as const;

  describe("audiences", () => {
    const api = () => stacks().sandbox.kubernetes.apiAudience;
    it.each([
      ["kubernetes", "those of the store", () => ["vault", api()], accepted],
      ["kubernetes", "Vault's alone, which the cluster does not review", () => ["vault"], 403],
      ["kubernetes", "the API server's alone, as every pod's token has", () => [api()], 403],
      ["kubernetes", "another's and the API server's", () => ["another", api()], 403],
      ["jwt", "Vault's", () => ["vault"], accepted],
      ["jwt", "the API server's alone, as every pod's token has", () => [api()], 400],
      ["jwt", "another's", () => ["another"], 400],
    ] as const)("%s: a token for %s", async (method, _, audiences, status) => {
      const login = ofStack(method === "jwt" ? "edge" : "dev");
      const jwt = await stacks().cluster.token(accountOf(login), audiences());
      expect(await outcome(login, jwt)).toBe(status);
    });
  });

  describe.each(methods)("tokens that are not as issued, by the method %s", (_, login) => {
    const hourAgo = Math.floor(Date.now() / 1000) - 3_600;
    const past = { exp: hourAgo, iat: hourAgo - 600, nbf: hourAgo - 600 };

    it("one that is only signed anew is accepted, so that the others are refused for what differs", async () => {
      const genuine = await accountToken(stacks(), login);
      expect(await outcome(login, await resigned(stacks().sandbox, genuine, {}))).toBe(accepted);
    });

    it.each([
      ["an expired one", past, "cluster"],
      ["one signed by another key", {}, "forger"],
    ] as const)("%s is refused", async (_name, claims, signer) => {
      const genuine = await accountToken(stacks(), login);
      const changed = await resigned(stacks().sandbox, genuine, claims, signer);
      expect(await outcome(login, changed)).toBe(refusal[login.stack]);
    });
  });

  describe("a service account that was deleted", () => {
    it("kubernetes: its token, made before, is refused; also when the account is there again", async () => {
      const login = ofStack("dev");
      const jwt = await accountToken(stacks(), login);
      const { sandbox } = stacks();
      expect(await whileDeleted(sandbox, accountOf(login), () => outcome(login, jwt))).toBe(403);
      expect(await outcome(login, jwt)).toBe(403);
      expect(await outcome(login, await accountToken(stacks(), login))).toBe(accepted);
    });

    it("jwt: its token is accepted until it expires, since Vault asks nobody", async () => {
      const login = ofStack("edge");
      const jwt = await accountToken(stacks(), login);
      const { sandbox } = stacks();
      expect(await whileDeleted(sandbox, accountOf(login), () => outcome(login, jwt))).toBe(accepted);
    });
  });
}
