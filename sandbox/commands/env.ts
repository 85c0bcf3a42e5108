import { clusterOperators, declaredNames } from "../operators/files.ts";
import { access, type SandboxAccess } from "../sandbox.ts";
import { readIfExists } from "../state.ts";

/** Whose credentials `env` hands out. `operator` is a person who puts secrets, sees who may do what, and runs the cluster. */
export const envUsers = [
  "operator",
  "deployer",
  "previewer",
  "auditor",
  "break-glass",
  "break-glass-restore",
  "admin",
] as const;
type EnvUser = (typeof envUsers)[number];

/** `sandbox env`: lines for a POSIX shell's `eval`, with which vault and kubectl find the sandbox. */
export async function runEnv(options: { readonly as: EnvUser }): Promise<void> {
  console.log(await envLines(await access(), options.as));
}

async function envLines({ vault, kubernetes }: SandboxAccess, user: EnvUser): Promise<string> {
  const cluster = { VAULT_ADDR: vault.address, VAULT_CACERT: vault.caFile };
  if (user === "admin") {
    // The cluster's administrator alone: nobody is that in Vault.
    return `${exportLines({ ...cluster, KUBECONFIG: kubernetes.kubeconfigs.admin })}\nunset VAULT_TOKEN`;
  }
  const holder = clusterOperators.find((one) => declaredNames[one] === user);
  const { token, kubeconfig } =
    holder === undefined
      ? { token: vault.tokens.person, kubeconfig: kubernetes.kubeconfigs.admin }
      : { token: vault.tokens[holder], kubeconfig: kubernetes.kubeconfigs[holder] };
  return exportLines({ ...cluster, VAULT_TOKEN: await tokenIn(token), KUBECONFIG: kubeconfig });
}

async function tokenIn(file: string): Promise<string> {
  const token = await readIfExists(file);
  if (token !== undefined) return token;
  throw new Error(
    `${file} is missing: this sandbox's operators were never set up. \`npm run sandbox -- up\` does that.`,
  );
}

/** One `export NAME='value'` a line; nothing within a value means anything to the shell. */
export function exportLines(variables: Readonly<Record<string, string>>): string {
  return Object.entries(variables)
    .map(([name, value]) => `export ${name}='${value.replaceAll("'", "'\\''")}'`)
    .join("\n");
}
