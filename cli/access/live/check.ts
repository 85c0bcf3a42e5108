import { cellDifferences, type Difference, refusedLogin, tokenDifferences } from "../../../access/live.ts";
import { type AccessMatrix, accessMatrix, type Login } from "../../../access/matrix.ts";
import { type Probe, probesOf } from "../../../access/probes.ts";
import { VaultClient, type VaultConnection } from "../../../clients/vault.ts";
import { seconds } from "../../../components/durations.ts";
import type { Settings } from "../../../config/schema.ts";
import { inParallel } from "../../in-parallel.ts";
import { capabilitiesOf } from "./ask.ts";
import { type LoginResult, logIn, logOut, storeLogin, type VaultSession } from "./login.ts";
import { type Problem, problemsError } from "./problems.ts";
import { patiently } from "./retry.ts";
import type { Mint } from "./tokens.ts";

/** Logins at a time: each is a TokenRequest, a login with its TokenReview, and some requests to Vault. */
const LOGINS_AT_ONCE = 8;

export interface LiveReport {
  /** Vault's address. */
  readonly address: string;
  /** Declared logins. */
  readonly logins: number;
  /** Those that succeeded, so that Vault could be asked about them. */
  readonly asked: number;
  /** Cells of the matrix that Vault was asked about: these logins by all declared paths. */
  readonly cells: number;
  /** Answers about the session's paths and about places where nothing is granted. */
  readonly beyond: number;
  readonly differences: readonly Difference[];
  /** Service accounts whose token could not be ended; it lives until it expires. */
  readonly notEnded: readonly string[];
}

export interface LiveInput {
  readonly settings: Settings;
  /** As the auditor. */
  readonly connection: VaultConnection;
  readonly mint: Mint;
  /** Told what is going on, a line at a time. */
  readonly report: (line: string) => void;
}

interface Outcome {
  /** How many paths Vault was asked about; 0 where the login did not succeed. */
  readonly answers: number;
  readonly differences: readonly Difference[];
  readonly problem?: Problem;
  readonly notEnded?: string;
}

/**
 * Logs in as every declared service account and holds Vault's own answers against the matrix. Reads no secret, and ends
 * each login.
 * @throws Error with everything that kept the check from asking about any login
 */
export async function checkLive(input: LiveInput): Promise<LiveReport> {
  const matrix = accessMatrix(input.settings);
  const { token: _auditor, ...anonymously } = input.connection;
  const auditor = new VaultClient(input.connection);
  const anonymous = new VaultClient(anonymously);
  try {
    const check = new Check(input, matrix, auditor, anonymous);
    let done = 0;
    const outcomes = await inParallel(matrix.logins, LOGINS_AT_ONCE, async (login) => {
      const outcome = await check.login(login);
      done += 1;
      input.report(`${done} of ${matrix.logins.length} logins`);
      return outcome;
    });
    const problems = outcomes.flatMap(({ problem }) => problem ?? []);
    if (problems.length > 0) throw problemsError(problems, input.settings);
    return reportOf(matrix, outcomes, auditor.address);
  } finally {
    await Promise.all([auditor.close(), anonymous.close()]);
  }
}

class Check {
  readonly #input: LiveInput;
  readonly #matrix: AccessMatrix;
  readonly #auditor: VaultClient;
  readonly #anonymous: VaultClient;

  constructor(input: LiveInput, matrix: AccessMatrix, auditor: VaultClient, anonymous: VaultClient) {
    this.#input = input;
    this.#matrix = matrix;
    this.#auditor = auditor;
    this.#anonymous = anonymous;
  }

  async login(login: Login): Promise<Outcome> {
    const { settings, mint } = this.#input;
    const store = storeLogin(settings, login);
    const result = await this.#patiently(() => logIn(this.#anonymous, mint, login, store));
    if (!("session" in result)) return notIn(login, result, settings);
    const { session } = result;
    const account = `${login.namespace}/${login.serviceAccount}`;
    const probes = probesOf(this.#matrix, login);
    const differences = await this.#differences(login, probes, session).catch(async (error: unknown) => {
      await this.#end(session).catch(() => false); // the first failure is the one to tell
      throw error;
    });
    const ended = await this.#end(session);
    return { answers: probes.length, differences, ...(ended ? {} : { notEnded: account }) };
  }

  async #differences(
    login: Login,
    probes: readonly Probe[],
    session: VaultSession,
  ): Promise<readonly Difference[]> {
    const { environment, vault } = this.#input.settings;
    const paths = probes.map(({ path }) => path);
    const answer = await capabilitiesOf(this.#auditor, session, paths, environment, this.#patiently);
    const expected = { ttlSeconds: seconds(vault.auth.tokenTtl), tokenType: "service" };
    return [...tokenDifferences(login, expected, session.answer), ...cellDifferences(login, probes, answer)];
  }

  #end(session: VaultSession): Promise<boolean> {
    const { token: _auditor, ...anonymously } = this.#input.connection;
    return logOut(anonymously, session, this.#patiently);
  }

  readonly #patiently = <T>(work: () => Promise<T>): Promise<T> => patiently(work, this.#input.report);
}

/**
 * A refusal is an answer, and not the declared one; unless Vault lets in certain networks alone: then it says no more than
 * "permission denied", and that is no wonder from here.
 */
function notIn(
  login: Login,
  result: Exclude<LoginResult, { session: VaultSession }>,
  { vault }: Settings,
): Outcome {
  const account = `${login.namespace}/${login.serviceAccount}`;
  if ("failure" in result) {
    return { answers: 0, differences: [], problem: { kind: "token", account, found: result.failure } };
  }
  if (vault.egressCidrs.length > 0 && result.refused === "refused: permission denied") {
    return { answers: 0, differences: [], problem: { kind: "network", account, found: result.refused } };
  }
  return { answers: 0, differences: [refusedLogin(login, result.refused)] };
}

function reportOf(matrix: AccessMatrix, outcomes: readonly Outcome[], address: string): LiveReport {
  const asked = outcomes.filter(({ answers }) => answers > 0).length;
  const cells = asked * matrix.paths.length;
  return {
    address,
    logins: matrix.logins.length,
    asked,
    cells,
    beyond: outcomes.reduce((sum, { answers }) => sum + answers, 0) - cells,
    differences: outcomes.flatMap(({ differences }) => differences),
    notEnded: outcomes.flatMap(({ notEnded }) => notEnded ?? []),
  };
}
