import { readFile } from "node:fs/promises";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair } from "jose";
import Provider from "oidc-provider";
import { Agent, type Dispatcher, request } from "undici";
import { ensureAuthority, ensureCertificate } from "../../../sandbox/certificates/authority.ts";
import type { RunningSandbox } from "../../../sandbox/sandbox.ts";

export const clientId = "vault";
export const redirectUri = "http://localhost:8250/oidc/callback";

/** An OpenID Connect provider on loopback, with TLS, where accounts log in without being asked for a password. */
export interface IdentityProvider {
  readonly issuer: string;
  /** Goes through the login as a browser of `account` does, and gives where the browser is sent at last. */
  logIn(authUrl: string, account: string): Promise<URL>;
  close(): Promise<void>;
}

/** @param groups account -> the groups that its ID token names */
export async function startIdentityProvider(
  sandbox: RunningSandbox,
  clientSecret: string,
  groups: Readonly<Record<string, readonly string[]>>,
): Promise<IdentityProvider> {
  const { paths } = sandbox;
  const certificate = await ensureCertificate(paths, await ensureAuthority(paths), {
    name: "optest-identity-provider",
    commonName: "identity provider",
    ips: ["127.0.0.1"],
    usages: ["server"],
  });
  const server = createServer({
    cert: await readFile(certificate.certFile),
    key: await readFile(certificate.keyFile),
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const issuer = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const browser = { account: "" };
  server.on("request", (await provider(issuer, clientSecret, groups, browser)).callback());
  const agent = new Agent({ connect: { ca: sandbox.vault.caPem } });
  return {
    issuer,
    logIn: (authUrl, account) => {
      browser.account = account;
      return follow(authUrl, agent);
    },
    close: async () => {
      await agent.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function provider(
  issuer: string,
  clientSecret: string,
  groups: Readonly<Record<string, readonly string[]>>,
  browser: { readonly account: string },
): Promise<Provider> {
  const { privateKey } = await generateKeyPair("RS256", { extractable: true });
  const made: Provider = new Provider(issuer, {
    clients: [{ client_id: clientId, client_secret: clientSecret, redirect_uris: [redirectUri] }],
    jwks: { keys: [{ ...(await exportJWK(privateKey)), alg: "RS256", use: "sig", kid: "one" }] },
    cookies: { keys: ["of these tests alone"] },
    scopes: ["openid", "groups"],
    claims: { openid: ["sub"], groups: ["groups"] },
    conformIdTokenClaims: false,
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_context, { uid }) => `/login/${uid}` },
    findAccount: (_context, id) => ({
      accountId: id,
      claims: async () => ({ sub: id, groups: [...(groups[id] ?? [])] }),
    }),
    loadExistingGrant: async ({ oidc }) => {
      const grant = new made.Grant({
        clientId,
        ...(oidc.account === undefined ? {} : { accountId: oidc.account.accountId }),
      });
      grant.addOIDCScope("openid groups");
      await grant.save();
      return grant;
    },
  });
  made.use(async (context, next) => {
    if (!context.path.startsWith("/login/")) return next();
    await made.interactionFinished(context.req, context.res, { login: { accountId: browser.account } });
    context.respond = false;
  });
  return made;
}

/** Redirects until one leads away from the provider, with the cookies that it sets. */
async function follow(start: string, dispatcher: Dispatcher): Promise<URL> {
  const cookies = new Map<string, string>();
  let at = new URL(start);
  for (let hops = 0; hops < 10; hops++) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const answer = await request(at, { dispatcher, headers: { cookie } });
    for (const [name, value] of cookiesIn(answer.headers["set-cookie"])) cookies.set(name, value);
    const text = await answer.body.text();
    const { location } = answer.headers;
    if (typeof location !== "string")
      throw new Error(`the provider answered ${answer.statusCode}: ${text.slice(0, 300)}`);
    at = new URL(location, at);
    if (at.href.startsWith(redirectUri)) return at;
  }
  throw new Error("the provider redirected without end");
}

function cookiesIn(headers: string | readonly string[] | undefined): readonly (readonly [string, string])[] {
  return [headers ?? []].flat().map((header) => {
    const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(header) ?? [];
    return [name, value] as const;
  });
}
