import { afterEach, describe, expect, it } from "vitest";
import { deployerPolicy } from "../../../access/operators/deployer.ts";
import { VaultClient } from "../../../clients/vault.ts";
import type { Problem } from "../../../config/problems.ts";
import { deployerProblems } from "../../../preflight/deployer.ts";
import { settingsOf, settingsWith } from "../arbitrary-settings.ts";
import { type FakeServer, fakeServer } from "./fake-server.ts";

const POLICY = "vault-management.dev.deployer";
const dev = settingsOf("dev");

let server: FakeServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

/** What a token with these policies is told, where Vault's deployer policy has this text. */
async function problemsOf(
  policies: readonly string[],
  document: string | undefined,
  settings = dev,
): Promise<readonly Problem[]> {
  server = await fakeServer({
    "GET /v1/auth/token/lookup-self": [200, { data: { policies } }],
    ...(document === undefined
      ? {}
      : { [`GET /v1/sys/policies/acl/${POLICY}`]: [200, { data: { policy: document } }] as const }),
  });
  const client = new VaultClient({ address: server.address });
  try {
    return await deployerProblems(client, settings);
  } finally {
    await client.close();
  }
}

describe("a deployer's token", () => {
  it("is fine when its policy covers the declaration, with blocks of an earlier one besides", async () => {
    expect(await problemsOf([POLICY], deployerPolicy(dev).document)).toEqual([]);
    await server?.close();
    const more = settingsWith(["namespaces", "team"], { store: {} });
    expect(await problemsOf([POLICY], deployerPolicy(more).document)).toEqual([]);
  });

  it("is told which namespaces and paths its policy lacks, and what to run", async () => {
    const more = settingsWith(["namespaces", "team"], { store: {} });
    expect(await problemsOf([POLICY], deployerPolicy(dev).document, more)).toEqual([
      {
        path: `Vault sys/policies/acl/${POLICY}`,
        found: expect.stringMatching(/namespace team.*auth\/kubernetes\/role\/voyager-platform-team/),
        allowed: "a policy that covers the whole declaration",
        fix: expect.stringContaining("npm run bootstrap -- apply -s dev"),
      },
    ]);
  });

  it("is told so when what a role is bound to has changed, although its capabilities are the same", async () => {
    const other = settingsWith(["vault", "auth", "audience"], "elsewhere");
    const problems = await problemsOf([POLICY], deployerPolicy(dev).document, other);
    expect(problems.map(({ found }) => found).join()).toMatch(/namespace llm, namespace user/);
  });

  it("is told so when its policy cannot be read", async () => {
    expect(await problemsOf([POLICY], undefined)).toHaveLength(1);
  });
});

it("a token of other rights is not judged by that policy, which is not even read", async () => {
  expect(await problemsOf(["root"], undefined)).toEqual([]);
  expect(server?.requests).toEqual(["GET /v1/auth/token/lookup-self"]);
});
