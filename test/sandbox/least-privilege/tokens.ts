import { describe, expect, it, vi } from "vitest";
import { type Login, logins } from "./declared.ts";
import { asLogin, nameOf, type Stacks, statusOf } from "./ground.ts";

/** Seconds, as the stacks declare them or by default: 10m and 30m, and 10s and 20s. */
const lifetimes = {
  dev: { ttl: 600, maxTtl: 1800 },
  prod: { ttl: 600, maxTtl: 1800 },
  edge: { ttl: 10, maxTtl: 20 },
} as const;

/** What Vault says about the token that a login gets. */
export function tokenChecks(stacks: () => Stacks): void {
  const named = logins.map((login) => [nameOf(login), login] as const);

  it.each(named)(
    "%s gets a service token with its own policies alone, for the declared time",
    async (_, login) => {
      await asLogin(stacks(), login, async (_client, accessor) => {
        const { data = {} } = await stacks().vault.write("auth/token/lookup-accessor", { accessor });
        const { ttl } = lifetimes[login.stack];
        expect(data).toMatchObject({
          type: "service",
          policies: login.policies,
          creation_ttl: ttl,
          explicit_max_ttl: 0,
          num_uses: 0,
          orphan: true,
        });
        expect(data.policies).toEqual(login.policies);
        expect(data.identity_policies ?? []).toEqual([]);
        expect(data).not.toHaveProperty("period");
        expect(data.bound_cidrs ?? []).toEqual(login.stack === "prod" ? ["127.0.0.1"] : []);
        expect(Number(data.ttl)).toBeLessThanOrEqual(ttl);
      });
    },
  );

  it.each(onePerStack())(
    "%s gets no longer life than tokenMaxTtl, whoever renews its token",
    async (_, login) => {
      await asLogin(stacks(), login, async (_client, accessor) => {
        const { auth } = await stacks().vault.write("auth/token/renew-accessor", {
          accessor,
          increment: "24h",
        });
        const { ttl, maxTtl } = lifetimes[login.stack];
        expect(Number(auth?.lease_duration)).toBeLessThanOrEqual(maxTtl);
        expect(Number(auth?.lease_duration)).toBeGreaterThan(ttl);
      });
    },
  );

  describe("a login's end", () => {
    it("a token of 10 s is refused after them", async () => {
      const login = named.find(([, { stack }]) => stack === "edge")?.[1];
      if (login === undefined) throw new Error("no login of the stack edge");
      await asLogin(stacks(), login, async (client) => {
        const [path = ""] = login.reads.map((read) => read.replace("/", "/data/"));
        expect(await statusOf(client.read(path))).toBe(200);
        await vi.waitFor(async () => expect(await statusOf(client.read(path))).toBe(403), {
          timeout: 15_000,
          interval: 500,
        });
      });
    });

    it("a token that was revoked, as ESO does after each refresh, is refused at once", async () => {
      const [login] = logins;
      if (login === undefined) throw new Error("no login");
      await asLogin(stacks(), login, async (client) => {
        await client.write("auth/token/revoke-self", {});
        expect(await statusOf(client.read("auth/token/lookup-self"))).toBe(403);
      });
    });
  });
}

function onePerStack(): readonly (readonly [string, Login])[] {
  const stacks = Map.groupBy(logins, ({ stack }) => stack);
  return [...stacks.values()].flatMap(([login]) =>
    login === undefined ? [] : [[nameOf(login), login] as const],
  );
}
