import { access } from "../sandbox.ts";
import { readState } from "../state.ts";

/** `sandbox env`: lines for a POSIX shell's `eval`, with which vault and kubectl find the sandbox. */
export async function runEnv(): Promise<void> {
  const { vault, kubernetes } = await access();
  const variables = {
    VAULT_ADDR: vault.address,
    VAULT_CACERT: vault.caFile,
    VAULT_TOKEN: await readState(vault.tokenFile),
    KUBECONFIG: kubernetes.kubeconfig,
  };
  console.log(exportLines(variables));
}

/** One `export NAME='value'` a line; nothing within a value means anything to the shell. */
export function exportLines(variables: Readonly<Record<string, string>>): string {
  return Object.entries(variables)
    .map(([name, value]) => `export ${name}='${value.replaceAll("'", "'\\''")}'`)
    .join("\n");
}
