import { dirname, join } from "node:path";
import type { RunningSandbox } from "../sandbox.ts";
import { readState } from "../state.ts";

/** Where Node keeps compiled code: the program's SDKs are compiled once, and not at every deployment. */
export const COMPILED = join(import.meta.dirname, "../../node_modules/.cache/compiled");

/**
 * The environment that the program runs in: one operator's credentials, the caller's PATH and home, and nothing that
 * could lead it elsewhere (no VAULT_*, AWS_*, KUBE* or PULUMI_* of the user's).
 */
export async function programEnvironment(
  { vault, kubernetes }: RunningSandbox,
  operator: "deployer" | "previewer",
): Promise<Readonly<Record<string, string>>> {
  return {
    ...inherited(["HOME", "TMPDIR", "LANG", "TERM"]),
    // The node that runs this also runs the program, whatever other `node` the user has.
    PATH: `${dirname(process.execPath)}:${process.env.PATH ?? ""}`,
    VAULT_ADDR: vault.address,
    VAULT_CACERT: vault.caFile,
    VAULT_TOKEN: await readState(vault.tokens[operator]),
    KUBECONFIG: kubernetes.kubeconfigs[operator],
    NODE_COMPILE_CACHE: COMPILED,
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
