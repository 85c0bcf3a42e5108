import "reflect-metadata";
import { webcrypto } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as x509 from "@peculiar/x509";
import { afterEach, describe, expect, it } from "vitest";
import { managedInVault } from "../../../access/managed.ts";
import { findToken } from "../../../clients/vault-token.ts";
import type { Problem } from "../../../config/problems.ts";
import { PreflightError } from "../../../preflight/error.ts";
import { type Purpose, vaultProblems } from "../../../preflight/vault.ts";
import { settingsOf } from "../arbitrary-settings.ts";
import { type Answer, type FakeServer, fakeServer } from "./fake-server.ts";

const TOKEN = "unit-test-token";
const HEALTHY: Answer = [200, { initialized: true, sealed: false }];
const CAPABILITIES = "POST /v1/sys/capabilities-self";

const dev = settingsOf("dev");

let server: FakeServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function problemsOf(
  answers: Readonly<Record<string, Answer>>,
  token: string | undefined,
  purpose: Purpose = "update",
): Promise<readonly Problem[]> {
  server = await fakeServer(answers);
  return problemsAt(server.address, token, { purpose });
}

function problemsAt(
  address: string,
  token: string | undefined,
  { caCertificate, purpose = "update" }: { readonly caCertificate?: string; readonly purpose?: Purpose } = {},
) {
  return vaultProblems({ ...dev, vault: { ...dev.vault, address, caCertificate } }, token, purpose);
}

function granted(capabilities: readonly string[]): Answer {
  const data = Object.fromEntries(managedInVault(dev).map(({ path }) => [path, capabilities]));
  return [200, { data }];
}

describe("Vault", () => {
  it("is fine when it serves a token with every capability; nothing is written", async () => {
    const answers = {
      "GET /v1/sys/health": [429, { initialized: true, sealed: false, standby: true }],
      [CAPABILITIES]: granted(["root"]),
      "GET /v1/auth/token/lookup-self": [200, { data: { policies: ["root"] } }],
      "GET /v1/sys/mounts": [200, { data: {} }],
      "GET /v1/sys/auth": [200, { data: {} }],
      "GET /v1/sys/audit": [200, { data: {} }],
      "GET /v1/sys/policies/acl/voyager-platform.session": [404, { errors: [] }],
    } as const;
    expect(await problemsOf(answers, TOKEN)).toEqual([]);
    expect(server?.requests.toSorted()).toEqual(Object.keys(answers).toSorted());
  });

  it.each([
    ["is sealed", [503, { initialized: true, sealed: true }], /sealed/, /unseal/],
    [
      "is not initialised",
      [501, { initialized: false, sealed: true }],
      /sealed|not initialised/,
      /vault operator/,
    ],
    ["is a load balancer without a node", [502, "bad gateway"], /status 502/, /load balancer/],
  ] as const)("is refused when it %s", async (_when, health, found, fix) => {
    expect(await problemsOf({ "GET /v1/sys/health": health }, TOKEN)).toEqual([
      expect.objectContaining({
        path: "vault.address",
        found: expect.stringMatching(found),
        fix: expect.stringMatching(fix),
      }),
    ]);
  });

  it("is refused when a node behind the load balancer is sealed; one that does not answer is passed over", async () => {
    const sealed = await fakeServer({ "GET /v1/sys/health": [503, { initialized: true, sealed: true }] });
    const down = await fakeServer({});
    await down.close();
    try {
      server = await fakeServer({ "GET /v1/sys/health": HEALTHY });
      const vault = {
        ...dev.vault,
        address: server.address,
        nodes: [down.address, server.address, sealed.address],
      };
      expect(await vaultProblems({ ...dev, vault }, TOKEN, "update")).toEqual([
        expect.objectContaining({ path: "vault.nodes.[2]", found: "a sealed Vault" }),
      ]);
    } finally {
      await sealed.close();
    }
  });

  it("is refused when nobody listens, and a missing token is named along with it", async () => {
    server = await fakeServer({});
    const { address } = server;
    await server.close();
    expect(await problemsAt(address, undefined)).toEqual([
      expect.objectContaining({ path: "vault.address", found: expect.stringContaining("ECONNREFUSED") }),
      expect.objectContaining({
        path: "the Vault token",
        found: expect.stringContaining("neither VAULT_TOKEN nor"),
      }),
    ]);
  });

  it.each([
    ["invalid or expired", ["permission denied", "invalid token"], /expired, revoked or of another Vault/],
    [
      "without the default policy",
      ["1 error occurred:\n\t* permission denied\n\n"],
      /403 to POST sys\/capabilities-self: 1 error/,
    ],
  ])("is refused for a token that is %s", async (_what, errors, found) => {
    const [problem, ...others] = await problemsOf(
      { "GET /v1/sys/health": HEALTHY, [CAPABILITIES]: [403, { errors }] },
      TOKEN,
    );
    expect(problem).toMatchObject({ path: "the Vault token", found: expect.stringMatching(found) });
    expect(problem?.found).not.toContain("\n");
    expect(others).toEqual([]);
  });

  it("is refused with every missing capability and every mount that is taken, in one report without the token", async () => {
    const problems = await problemsOf(
      {
        "GET /v1/sys/health": HEALTHY,
        [CAPABILITIES]: granted(["read"]),
        "GET /v1/sys/mounts": [
          200,
          {
            data: { "kv/": { type: "kv", description: "vault-management prod", options: { version: "2" } } },
          },
        ],
        "GET /v1/sys/auth": [403, { errors: ["permission denied"] }],
      },
      TOKEN,
    );
    expect(problems.map(({ path }) => path)).toEqual([
      ...managedInVault(dev)
        .filter(({ capabilities }) => capabilities.join() !== "read")
        .map(({ path }) => `Vault ${path}`),
      "vault.mounts.kv",
    ]);
    const { message } = new PreflightError("dev", problems);
    expect(message).toContain(`The servers of dev: ${problems.length} problem(s), nothing was changed`);
    expect(message).not.toContain(TOKEN);
  });

  it("asks a token for reading alone where nothing is written: in a preview", async () => {
    const answers = {
      "GET /v1/sys/health": HEALTHY,
      [CAPABILITIES]: granted(["read", "sudo"]),
      "GET /v1/sys/mounts": [200, { data: {} }],
      "GET /v1/sys/auth": [200, { data: {} }],
    } as const;
    expect(await problemsOf(answers, TOKEN, "preview")).toEqual([]);
    await server?.close();
    const refused = await problemsOf({ ...answers, [CAPABILITIES]: granted(["update"]) }, TOKEN, "preview");
    expect(refused.map(({ path }) => path)).toContain("Vault sys/mounts/kv");
  });

  it("is refused when another CA signed its certificate", async () => {
    const { certificate, key } = await selfSigned();
    const https = createServer({ cert: certificate, key }, (_request, response) => response.end());
    await new Promise<void>((resolve) => https.listen(0, "127.0.0.1", resolve));
    try {
      const address = `https://127.0.0.1:${(https.address() as AddressInfo).port}`;
      const other = await selfSigned();
      expect(await problemsAt(address, TOKEN, { caCertificate: other.certificate })).toEqual([
        expect.objectContaining({
          path: "vault.caCertificate",
          fix: expect.stringContaining("paste that CA's"),
        }),
      ]);
    } finally {
      https.close();
    }
  });
});

describe("the token", () => {
  it("is VAULT_TOKEN, else that of vault login, else none", async () => {
    const home = await mkdtemp(join(tmpdir(), "preflight-"));
    try {
      expect(await findToken({ VAULT_TOKEN: "" }, home)).toBeUndefined();
      await writeFile(join(home, ".vault-token"), "from-login\n");
      expect(await findToken({}, home)).toBe("from-login");
      expect(await findToken({ VAULT_TOKEN: "from-environment" }, home)).toBe("from-environment");
    } finally {
      await rm(home, { recursive: true });
    }
  });
});

/** PEM of a fresh certificate for 127.0.0.1 and of its key. */
async function selfSigned(): Promise<{ readonly certificate: string; readonly key: string }> {
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: "CN=unit test",
    keys,
    signingAlgorithm: algorithm,
    extensions: [new x509.SubjectAlternativeNameExtension([{ type: "ip", value: "127.0.0.1" }])],
  });
  const key = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey)).toString("base64");
  return {
    certificate: certificate.toString("pem"),
    key: `-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----\n`,
  };
}
