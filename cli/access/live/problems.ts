import { operatorClusterRoleName } from "../../../access/operators/names.ts";
import type { Settings } from "../../../config/schema.ts";

/** What kept the check from asking about one login: the token to log in with, or the network that we are in. */
export interface Problem {
  readonly kind: "token" | "network";
  /** Service account, `namespace/name`. */
  readonly account: string;
  readonly found: string;
}

/** All of them together; those with the same cause stand together, with one fix. */
export function problemsError(problems: readonly Problem[], settings: Settings): Error {
  const lines = (kind: Problem["kind"]) =>
    problems.filter((one) => one.kind === kind).map(({ account, found }) => `  ${account}: ${found}`);
  const parts = [
    ...section(lines("token"), "Kubernetes gave no token for:", tokenFix(settings.environment)),
    ...section(lines("network"), "Vault refused the login of:", networkFix(settings.vault.egressCidrs)),
  ];
  return new Error(
    [`${problems.length} login(s) could not be checked; nothing is reported.`, ...parts].join("\n"),
  );
}

function tokenFix(environment: string): string {
  return (
    "The check logs in as each declared service account. Whoever runs it needs the right to create serviceaccounts/token " +
    `of these accounts: the ClusterRole ${operatorClusterRoleName(environment, "auditor")} has it (npm run bootstrap ` +
    "applies it). " +
    "Point KUBECONFIG to the auditor's."
  );
}

function networkFix(networks: readonly string[]): string {
  return (
    `Roles accept logins from ${networks.join(", ")} alone (vault.egressCidrs), and Vault gives a login from elsewhere no ` +
    "other reason. Run the check from there."
  );
}

function section(lines: readonly string[], heading: string, fix: string): readonly string[] {
  return lines.length === 0 ? [] : [heading, ...lines, fix];
}
