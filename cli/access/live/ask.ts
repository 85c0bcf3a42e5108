import type { Capabilities } from "../../../access/live.ts";
import { operatorPolicyName } from "../../../access/operators/names.ts";
import { type VaultClient, VaultError } from "../../../clients/vault.ts";
import type { VaultSession } from "./login.ts";

/** Paths in one request: quick to answer, and far below what Vault takes in one JSON list. */
const PATHS_AT_ONCE = 1_000;

/**
 * What a session may do at each path, asked with the auditor's token: `sys/capabilities-accessor`, or `sys/capabilities` for
 * a batch token.
 * @throws Error that names the capability and the auditor's policy, when the token may not ask
 */
export async function capabilitiesOf(
  auditor: VaultClient,
  { accessor, token }: VaultSession,
  paths: readonly string[],
  environment: string,
  patient: <T>(work: () => Promise<T>) => Promise<T>,
): Promise<Capabilities> {
  const [endpoint, whom] =
    accessor === undefined ? ["sys/capabilities", { token }] : ["sys/capabilities-accessor", { accessor }];
  const answers: Capabilities[] = [];
  for (let start = 0; start < paths.length; start += PATHS_AT_ONCE) {
    const asked = paths.slice(start, start + PATHS_AT_ONCE);
    const ask = () => auditor.write(endpoint, { ...whom, paths: asked });
    try {
      answers.push((await patient(ask)).data ?? {});
    } catch (error) {
      throw explained(error, endpoint, environment);
    }
  }
  return Object.assign({}, ...answers);
}

function explained(error: unknown, endpoint: string, environment: string): unknown {
  if (!(error instanceof VaultError) || error.status !== 403) return error;
  return new Error(
    `Vault refused: this check needs the capability "update" on "${endpoint}", which your token lacks, or it has expired ` +
      `(vault token lookup shows which). The policy ${operatorPolicyName(environment, "auditor")} grants it: log in as auditor.`,
    { cause: error },
  );
}
