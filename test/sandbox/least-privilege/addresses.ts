import { Agent, request } from "undici";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { authMounts, type Login, logins } from "./declared.ts";
import { accountToken, asLogin, attempt, type Stacks } from "./ground.ts";
import { dataPath } from "./reading.ts";

/** Only Linux answers on the whole of 127.0.0.0/8 without set-up. */
const otherAddresses = process.platform === "linux";

/** `egressCidrs`: prod declares 127.0.0.1/32, where everything of the sandbox comes from. */
export function addressChecks(stacks: () => Stacks): void {
  const login = logins.find(({ stack }) => stack === "prod") as Login;
  const [path = ""] = login.reads.map(dataPath);

  it("a login from a declared network is accepted, and its token bound to it", async () => {
    const { status } = await attempt(stacks(), login, await accountToken(stacks(), login));
    expect(status).toBe(200);
  });

  describe.skipIf(!otherAddresses)("from another address (Linux only)", () => {
    it("a login is refused", async () => {
      const jwt = await accountToken(stacks(), login);
      const answers = ["127.0.0.1", "127.0.0.2"].map((from) => send(stacks(), from, { login, jwt }));
      expect(await Promise.all(answers)).toEqual([200, 403]);
    });

    it("a token that was given to a declared address is refused", async () => {
      await asLogin(stacks(), login, async (_client, _accessor, token) => {
        const answers = ["127.0.0.1", "127.0.0.2"].map((from) => send(stacks(), from, { path, token }));
        expect(await Promise.all(answers)).toEqual([200, 403]);
      });
    });
  });

  describe("another network is declared", () => {
    beforeAll(() => stacks().deploy("prod", { vault: { egressCidrs: ["127.0.0.2/32"] } }));
    afterAll(() => stacks().deploy("prod"));

    it("a login from here is refused", async () => {
      const { status } = await attempt(stacks(), login, await accountToken(stacks(), login));
      expect(status).toBe(403);
    });

    it.skipIf(!otherAddresses)("one from there is accepted (Linux only)", async () => {
      const jwt = await accountToken(stacks(), login);
      expect(await send(stacks(), "127.0.0.2", { login, jwt })).toBe(200);
    });
  });
}

type Sent =
  | { readonly login: Login; readonly jwt: string }
  | { readonly path: string; readonly token: string };

/** The status of a request from an address of this machine to a node itself: the forwarder would show its own address. */
async function send({ sandbox }: Stacks, localAddress: string, sent: Sent): Promise<number> {
  const { caPem, nodes } = sandbox.vault;
  const dispatcher = new Agent({ connect: { ca: caPem }, localAddress });
  const [node] = nodes;
  try {
    const answer =
      "login" in sent
        ? await request(`${node?.address}/v1/auth/${authMounts[sent.login.stack]}/login`, {
            dispatcher,
            method: "POST",
            body: JSON.stringify({ role: sent.login.role, jwt: sent.jwt }),
          })
        : await request(`${node?.address}/v1/${sent.path}`, {
            dispatcher,
            headers: { "X-Vault-Token": sent.token },
          });
    await answer.body.dump();
    return answer.statusCode;
  } finally {
    await dispatcher.close();
  }
}
