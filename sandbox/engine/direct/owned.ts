import { withVault } from "../../../clients/vault.ts";
import { mountDescription } from "../../../components/vault/ownership.ts";
import { databaseMountsIn } from "../../../config/databases-siblings.ts";
import { fieldsOf } from "../../../resources/values.ts";
import { readState } from "../../state.ts";
import type { StackInput } from "../engine.ts";
import { Helm, type HelmRelease } from "./helm.ts";
import { ownedInVault } from "./vault-prune.ts";

/** As config/pki.ts has it: the declaration here is as raw as its file. */
const DEFAULT_PKI_MOUNT = "pki-int";

/** What is the stack's own before a deployment and may be declared no more. */
export interface Owned {
  /** Paths in Vault. */
  readonly vault: readonly string[];
  readonly releases: readonly HelmRelease[];
}

/**
 * What Pulumi would have in its state. It is looked up by those who may look everywhere, the auditor and the cluster's
 * administrator, because a deployer may not; the deployer removes it. What the declaration names is checked by the program,
 * later: a wrong name finds nothing.
 */
export async function ownedBefore({ declaration, sandbox }: StackInput, workFolder: string): Promise<Owned> {
  const environment = String(declaration.environment);
  const helm = new Helm(sandbox.toolchain.binaries.helm, workFolder, environment, {
    ...process.env,
    KUBECONFIG: sandbox.kubernetes.kubeconfigs.admin,
  });
  const { address, caPem, tokens } = sandbox.vault;
  const auth = fieldsOf(fieldsOf(declaration.vault).auth);
  const { pki } = declaration;
  const { mount = DEFAULT_PKI_MOUNT } = fieldsOf(fieldsOf(pki).intermediate);
  const vault = await withVault({ address, caPem, token: await readState(tokens.auditor) }, (client) =>
    ownedInVault(client, {
      rolePrefix: String(auth.rolePrefix),
      authMount: String(auth.mount),
      ...(pki === undefined ? {} : { pkiMount: String(mount) }),
      databaseMounts: databaseMountsIn(declaration),
      description: mountDescription(environment),
    }),
  );
  return { vault, releases: await helm.owned() };
}
