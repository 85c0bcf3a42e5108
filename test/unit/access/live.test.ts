import { afterEach, describe, expect, it } from "vitest";
import { accessMatrix } from "../../../access/matrix.ts";
import { expectedAt, probesOf } from "../../../access/probes.ts";
import { checkLive } from "../../../cli/access/live/check.ts";
import { storeLogin } from "../../../cli/access/live/login.ts";
import type { Mint } from "../../../cli/access/live/tokens.ts";
import type { Settings } from "../../../config/schema.ts";
import { settingsOf, settingsWith } from "../arbitrary-settings.ts";
import { type Answer, type FakeServer, fakeServer } from "../preflight/fake-server.ts";
import { namespaceOf, stackOf } from "./declarations.ts";

const settings = stackOf({ llm: namespaceOf({ api: ["llm/openai"] }) });
const mint: Mint = async () => ({ token: "a token of Kubernetes" });
const LOGIN = "POST /v1/auth/kubernetes/login";
const ASK = "POST /v1/sys/capabilities-accessor";
const END = "POST /v1/auth/token/revoke-self";

const loggedIn = (fields = {}): Answer => [
  200,
  {
    auth: {
      client_token: "t",
      accessor: "a",
      policies: ["voyager-platform.session", "voyager-platform.llm.api"],
      lease_duration: 600,
      token_type: "service",
      ...fields,
    },
  },
];

const asDeclared: Answer = (() => {
  const matrix = accessMatrix(settings);
  const [login] = matrix.logins;
  if (login === undefined) throw new Error("llm has a login");
  return [
    200,
    {
      data: Object.fromEntries(
        probesOf(matrix, login).map((probe) => [probe.path, expectedAt(login, probe)]),
      ),
    },
  ];
})();

const all = { [LOGIN]: loggedIn(), [ASK]: asDeclared, [END]: [204, {}] as Answer };

let vault: FakeServer | undefined;
afterEach(() => vault?.close());

/** Checks against a Vault that answers so; with what it told on the way. */
async function check(answers: Readonly<Record<string, Answer>>, of: Settings = settings, how: Mint = mint) {
  vault = await fakeServer(answers);
  const told: string[] = [];
  const connection = { address: vault.address, token: "auditor" };
  const report = await checkLive({ settings: of, connection, mint: how, report: (line) => told.push(line) });
  return { report, told, requests: vault.requests };
}

describe("a live check", () => {
  it("logs in, asks with the auditor's token, and ends the login; nothing else", async () => {
    const { report, requests } = await check(all);
    expect(report).toMatchObject({ logins: 1, asked: 1, cells: 1, differences: [], notEnded: [] });
    expect(requests).toEqual([LOGIN, ASK, END]);
  });

  it("asks about a batch token by the token, and says that it cannot be ended", async () => {
    const batch = loggedIn({ accessor: "", token_type: "batch" });
    const { report } = await check({
      [LOGIN]: batch,
      "POST /v1/sys/capabilities": asDeclared,
      [END]: [400, { errors: ["batch tokens cannot be revoked"] }],
    });
    expect(report.differences).toMatchObject([{ at: "token type", expected: ["service"], found: ["batch"] }]);
    expect(report.notEnded).toEqual(["llm/vault-store"]);
  });

  it("takes a refused login for a difference", async () => {
    const { report } = await check({ [LOGIN]: [403, { errors: ["service account name not authorized"] }] });
    expect(report.differences).toMatchObject([
      { at: "login", expected: ["accepted"], found: ["refused: service account name not authorized"] },
    ]);
  });

  it("takes a service account that does not exist for a difference", async () => {
    const { report, requests } = await check({}, settings, async (namespace, name) => ({
      absent: `there is no service account ${namespace}/${name}`,
    }));
    expect(report.differences).toMatchObject([
      { at: "login", found: ["there is no service account llm/vault-store"] },
    ]);
    expect(report).toMatchObject({ logins: 1, asked: 0, cells: 0, beyond: 0 });
    expect(requests).toEqual([]);
  });

  it.each([
    [503, "no leader"],
    [400, "failed to persist lease: node is not the leader"],
    [429, "rate limit quota exceeded"],
  ])("tries again after %s %s, and says so", async (status, error) => {
    let answers = 0;
    const flaky = { ...all };
    Object.defineProperty(flaky, LOGIN, {
      get: () => (answers++ === 0 ? [status, { errors: [error] }] : loggedIn()),
    });
    const { report, told } = await check(flaky);
    expect(report.differences).toEqual([]);
    expect(told[0]).toContain(error);
  });
});

describe("a check that cannot be made", () => {
  it("because the token may not ask, names the capability and the auditor's policy, and ends the login", async () => {
    const refused = { ...all, [ASK]: [403, { errors: ["permission denied"] }] as Answer };
    await expect(check(refused)).rejects.toThrow(
      /"update" on "sys\/capabilities-accessor".*vault-management\.dev\.auditor/,
    );
    expect(vault?.requests).toEqual([LOGIN, ASK, END]);
  });

  it("because Kubernetes gives no token, names every account and the right", async () => {
    const two = stackOf({ a: namespaceOf({}), b: namespaceOf({}) });
    const forbidden: Mint = async (namespace) => ({ failure: `403 ${namespace} forbidden` });
    await expect(check({}, two, forbidden)).rejects.toThrow(
      /2 login\(s\) could not be checked[\s\S]*a\/vault-store: 403 a forbidden\n {2}b\/vault-store: 403[\s\S]*create serviceaccounts\/token/,
    );
  });

  it("because logins from here may be refused, names the networks", async () => {
    const networks = settingsWith(["vault", "egressCidrs"], ["10.0.0.0/8"]);
    await expect(check({ [LOGIN]: [403, { errors: ["permission denied"] }] }, networks)).rejects.toThrow(
      /2 login\(s\)[\s\S]*llm\/vault-store: refused: permission denied[\s\S]*10\.0\.0\.0\/8 alone \(vault\.egressCidrs\)/,
    );
  });
});

describe("a login", () => {
  const [llm] = accessMatrix(settingsOf("dev")).logins;
  if (llm === undefined) throw new Error("the dev stack declares llm");

  it("is the SecretStore's own: for Vault and for the API server that reviews the token", () => {
    expect(storeLogin(settingsOf("dev"), llm)).toEqual({
      mount: "kubernetes",
      role: "voyager-platform-llm",
      audiences: ["vault", "https://kubernetes.default.svc.cluster.local"],
    });
  });

  it("by the jwt method is for Vault alone", () => {
    const dev = settingsOf("dev");
    const jwt = { ...dev, vault: { ...dev.vault, auth: { ...dev.vault.auth, method: "jwt" as const } } };
    expect(storeLogin(jwt, llm).audiences).toEqual(["vault"]);
  });
});
