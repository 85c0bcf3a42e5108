import { homedir } from "node:os";
import type { KubeConfig } from "@kubernetes/client-node";
import { KubernetesReader, kubernetesConnection } from "../../clients/kubernetes.ts";
import { type VaultClient, withVault } from "../../clients/vault.ts";
import { type CrdManifest, loadCrds } from "../../components/external-secrets/crds.ts";
import { type ConnectionState, withoutWaiting } from "../../config/databases-state.ts";
import type { Settings } from "../../config/schema.ts";
import { connectionStates } from "../../preflight/databases.ts";
import { monitoringKinds } from "../../preflight/kubernetes.ts";
import { vaultConnection } from "../connection.ts";
import { kubeConfigFor } from "../kube-config.ts";
import { declaredResources } from "./declared.ts";
import { type Declared, type Looked, together, type Unseen } from "./finding.ts";
import { beyondInKubernetes } from "./kubernetes/beyond.ts";
import { lookAtKubernetes } from "./kubernetes/look.ts";
import { ofProvider } from "./look.ts";
import { operatorsInKubernetes, operatorsInVault } from "./operators.ts";
import { beyondInVault } from "./vault/beyond.ts";
import { lookAtVault } from "./vault/look.ts";

export interface DirectOptions {
  readonly settings: Settings;
  /** Of the kubeconfig. */
  readonly context: string;
  readonly report: (line: string) => void;
}

/** Of the program's types those that make nothing on a server: a generated value is seen by its KV secret's version. */
const NOWHERE: readonly string[] = ["random:"];

/**
 * Reads back what the declaration implies, resource by resource as the program itself declares them, and what stands beside
 * it under the stack's names. Changes nothing and reads no value. A server that is away leaves the other one to be seen.
 */
export async function lookDirectly({ settings, context, report }: DirectOptions): Promise<Looked> {
  const connection = await vaultConnection(settings.vault, process.env, homedir());
  return withVault(connection, async (vault) => {
    report("reading the declaration");
    const { declared, unseen } = await declaredIn(settings, context, vault);
    const known = ["vault:", "kubernetes:", ...NOWHERE];
    const parts = await Promise.all([
      inVault(vault, settings, ofProvider(declared, "vault"), report),
      inKubernetes(settings, context, ofProvider(declared, "kubernetes"), report),
    ]);
    const others = declared
      .filter(({ type }) => !known.some((one) => type.startsWith(one)))
      .map(({ type, name }) => ({
        what: `${type} ${name}`,
        why: "there is no reader for its provider",
        failed: false,
      }));
    return together([...parts, { seen: {}, findings: [], unseen: [...unseen, ...others] }]);
  });
}

async function inVault(
  vault: VaultClient,
  settings: Settings,
  declared: readonly Declared[],
  report: (line: string) => void,
): Promise<Looked> {
  const looked = await lookAtVault(vault, declared, report);
  // What is away is said once.
  if (declared.length > 0 && looked.seen.Vault === 0) return looked;
  return together([
    looked,
    await beyondInVault(vault, settings, declared),
    await operatorsInVault(vault, settings),
  ]);
}

async function inKubernetes(
  settings: Settings,
  context: string,
  declared: readonly Declared[],
  report: (line: string) => void,
): Promise<Looked> {
  let config: KubeConfig;
  let reader: KubernetesReader;
  try {
    config = kubeConfigFor(context, "--context");
    reader = new KubernetesReader(await kubernetesConnection(config));
  } catch (error) {
    const why = (error as Error).message;
    return { seen: {}, findings: [], unseen: [{ what: "Kubernetes: everything", why, failed: true }] };
  }
  try {
    const looked = await lookAtKubernetes(reader, declared, report);
    if (declared.length > 0 && looked.seen.Kubernetes === 0) return looked;
    return together([
      looked,
      await beyondInKubernetes(reader, settings, declared),
      await operatorsInKubernetes(reader, config, settings),
    ]);
  } finally {
    await reader.close();
  }
}

async function declaredIn(
  settings: Settings,
  context: string,
  vault: VaultClient,
): Promise<{ readonly declared: readonly Declared[]; readonly unseen: readonly Unseen[] }> {
  const inContext = { ...settings, kubernetes: { ...settings.kubernetes, context } };
  const [states, definitions, kinds] = await Promise.all([
    connections(settings, vault),
    crdsOf(settings),
    monitoringKinds(inContext),
  ]);
  const declared = await declaredResources({
    settings,
    deployable: withoutWaiting(settings, states.found),
    connections: states.found,
    crds: definitions.found,
    monitoringKinds: kinds,
  });
  return { declared, unseen: [...states.unseen, ...definitions.unseen] };
}

/** Which roles, and secrets that read them, still wait for a database's first password is known by Vault alone. */
async function connections(
  settings: Settings,
  vault: VaultClient,
): Promise<{ readonly found: readonly ConnectionState[]; readonly unseen: readonly Unseen[] }> {
  if (settings.databases.length === 0) return { found: [], unseen: [] };
  try {
    return { found: await connectionStates(vault, settings), unseen: [] };
  } catch (error) {
    const waiting = settings.databases.map((connection) => ({
      connection,
      initialised: false,
      waiting: connection.roles.map(({ name }) => name),
    }));
    const what = "database roles, and ExternalSecrets that read them";
    return { found: waiting, unseen: [{ what, why: (error as Error).message, failed: true }] };
  }
}

async function crdsOf({
  externalSecrets,
}: Settings): Promise<{ readonly found: readonly CrdManifest[]; readonly unseen: readonly Unseen[] }> {
  try {
    return { found: await loadCrds(externalSecrets), unseen: [] };
  } catch (error) {
    const what = "ESO's custom resource definitions";
    return { found: [], unseen: [{ what, why: (error as Error).message, failed: true }] };
  }
}
