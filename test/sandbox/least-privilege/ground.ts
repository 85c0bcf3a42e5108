import { randomBytes } from "node:crypto";
import { VaultClient, VaultError, withVault } from "../../../clients/vault.ts";
import { parseSettings } from "../../../config/parse.ts";
import type { Settings } from "../../../config/schema.ts";
import { directEngine } from "../../../sandbox/engine/direct/engine.ts";
import { bootstrapOperators } from "../../../sandbox/operators/bootstrap.ts";
import type { RunningSandbox } from "../../../sandbox/sandbox.ts";
import { Cluster, type ServiceAccountRef } from "../main-job/cluster.ts";
import { declarationWith, type Edit, projectFolder, rootVault } from "../main-job/ground.ts";
import { allPaths, authMounts, type Login, type StackName, stackEdit } from "./declared.ts";
import { removeFromCluster, removeFromVault, removeNamespaces } from "./leftovers.ts";

/** Three stacks on one Vault and one cluster, and a value at every path. */
export interface Stacks {
  readonly sandbox: RunningSandbox;
  /** As Vault's root. */
  readonly vault: VaultClient;
  readonly cluster: Cluster;
  /** What stands at each path; compared, never printed. */
  readonly values: Readonly<Record<string, string>>;
  /** What a stack's declaration means. */
  settings(stack: StackName): Promise<Settings>;
  /** As the deployer of that stack, with its rights and no others. */
  deploy(stack: StackName, ...edits: readonly Edit[]): Promise<void>;
  remove(): Promise<void>;
}

export async function deployStacks(sandbox: RunningSandbox): Promise<Stacks> {
  const vault = await rootVault(sandbox);
  const engine = directEngine("the tests' own", projectFolder);
  const values = Object.fromEntries(allPaths.map((path) => [path, randomBytes(18).toString("base64url")]));
  const declaration = (stack: StackName, ...edits: readonly Edit[]) =>
    declarationWith(sandbox, stackEdit(stack, sandbox.kubernetes.serviceAccountPublicKeyPem), ...edits);
  const deploy = async (stack: StackName, ...edits: readonly Edit[]) => {
    const declared = await declaration(stack, ...edits);
    await bootstrapOperators(sandbox, parseSettings(declared, `Pulumi.${stack}.yaml`));
    await engine.up({ declaration: declared, sandbox });
  };
  // One after the other: the first brings ESO. The values are put as soon as the mount is there, which the deployment waits for.
  for (const stack of ["dev", "prod", "edge"] as const) {
    await Promise.all([deploy(stack), putValues(vault, stack, values)]);
  }
  return {
    ...{ sandbox, vault, values, deploy },
    cluster: new Cluster(sandbox),
    settings: async (stack) => parseSettings(await declaration(stack), `Pulumi.${stack}.yaml`),
    remove: async () => {
      for (const stack of ["edge", "prod"] as const) {
        await removeNamespaces(sandbox, await namespacesOf(stack));
        await removeFromVault(vault, stack);
        await removeFromCluster(sandbox, stack);
      }
      await vault.close();
    },
  };

  async function namespacesOf(stack: StackName): Promise<readonly string[]> {
    return Object.keys((await declaration(stack)).namespaces as Edit);
  }
}

async function putValues(
  vault: VaultClient,
  stack: StackName,
  values: Readonly<Record<string, string>>,
): Promise<void> {
  const mount = stack === "dev" ? "kv" : `kv-${stack}`;
  const deadline = performance.now() + 60_000;
  for (const [path, value] of Object.entries(values)) {
    if (!path.startsWith(`${mount}/`)) continue;
    const key = path.slice(mount.length + 1);
    for (;;) {
      try {
        const metadata = await vault.read(`${mount}/metadata/${key}`);
        const options = { cas: Number(metadata?.current_version ?? 0) };
        await vault.write(`${mount}/data/${key}`, { options, data: { value } });
        break;
      } catch (error) {
        // 404 while there is no mount, 400 while a new one prepares itself, 5xx while an audit device is being enabled
        if (!(error instanceof VaultError) || error.status === 403 || performance.now() > deadline)
          throw error;
        await new Promise((resolve) => setTimeout(resolve, 250));
      }
    }
  }
}

/** A token of the login's service account, for the audiences that its store asks for. */
export function accountToken(stacks: Stacks, login: Login): Promise<string> {
  const { apiAudience } = stacks.sandbox.kubernetes;
  const audiences = login.stack === "edge" ? ["vault"] : ["vault", apiAudience];
  return stacks.cluster.token(accountOf(login), audiences);
}

export function accountOf({ namespace, serviceAccount }: Login): ServiceAccountRef {
  return { namespace, name: serviceAccount };
}

/** Vault's answer to a login: the token, or the status of the refusal. */
export async function attempt(
  stacks: Stacks,
  { stack, role }: Pick<Login, "stack" | "role">,
  jwt: string,
): Promise<{ readonly status: number; readonly token: string; readonly accessor: string }> {
  const { address, caPem } = stacks.sandbox.vault;
  try {
    const { status, auth } = await withVault({ address, caPem }, (nobody) =>
      nobody.write(`auth/${authMounts[stack]}/login`, { role, jwt }),
    );
    return { status, token: String(auth?.client_token), accessor: String(auth?.accessor) };
  } catch (error) {
    if (error instanceof VaultError) return { status: error.status, token: "", accessor: "" };
    throw error;
  }
}

/** Works as a login, and ends its token afterwards as ESO does. */
export async function asLogin<T>(
  stacks: Stacks,
  login: Login,
  work: (client: VaultClient, accessor: string, token: string) => Promise<T>,
): Promise<T> {
  const { address, caPem } = stacks.sandbox.vault;
  const { token, accessor, status } = await attempt(stacks, login, await accountToken(stacks, login));
  if (status !== 200) throw new Error(`Vault answered ${status} to the login of ${nameOf(login)}`);
  const client = new VaultClient({ address, caPem, token });
  try {
    return await work(client, accessor, token);
  } finally {
    await client.write("auth/token/revoke-self", {}).catch(() => {}); // it may have expired in the test
    await client.close();
  }
}

export function nameOf({ namespace, serviceAccount }: Login): string {
  return `${namespace}/${serviceAccount}`;
}

/** The status of a request, refusals included. */
export async function statusOf(request: Promise<unknown>): Promise<number> {
  try {
    await request;
    return 200;
  } catch (error) {
    if (error instanceof VaultError) return error.status;
    throw error;
  }
}
