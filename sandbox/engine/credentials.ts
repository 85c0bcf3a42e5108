import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { RunningSandbox } from "../sandbox.ts";

/**
 * The environment that a deployment runs in: the sandbox's credentials, the caller's PATH and home, and nothing that
 * could lead it elsewhere (no VAULT_*, AWS_*, KUBE* or PULUMI_* of the user's).
 */
export async function programEnvironment(sandbox: RunningSandbox): Promise<Readonly<Record<string, string>>> {
  const token = (await readFile(sandbox.vault.tokenFile, "utf8")).trim();
  return {
    ...inherited(["HOME", "TMPDIR", "LANG", "TERM"]),
    // The node that runs this also runs the program, whatever other `node` the user has.
    PATH: `${dirname(process.execPath)}:${process.env.PATH ?? ""}`,
    VAULT_ADDR: sandbox.vault.address,
    VAULT_CACERT: sandbox.vault.caFile,
    VAULT_TOKEN: token,
    KUBECONFIG: sandbox.kubernetes.kubeconfig,
    NO_COLOR: "1",
  };
}

function inherited(names: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
