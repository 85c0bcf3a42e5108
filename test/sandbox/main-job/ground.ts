import { type VaultClient, VaultError } from "../../../clients/vault.ts";
import { parseSettings } from "../../../config/parse.ts";
import { devDeclaration, projectFolder, sandboxDeclaration } from "../../../sandbox/engine/declaration.ts";
import type { Change, Engine, UpResult } from "../../../sandbox/engine/engine.ts";
import { bootstrapOperators } from "../../../sandbox/operators/bootstrap.ts";
import type { RunningSandbox } from "../../../sandbox/sandbox.ts";
import { type Seeded, seedDemoValues } from "../../../sandbox/start/demo-values.ts";
import { openRoot } from "../../../sandbox/vault/root.ts";

export type Fields = Readonly<Record<string, unknown>>;

export { projectFolder };

/** An edit of the raw declaration: merged into it, map by map; `undefined` removes a key. */
export interface Edit {
  readonly [key: string]: Edit | unknown;
}

/** What the checks work with: an engine, and the sandbox that it deploys into. */
export interface Ground {
  readonly engine: Engine;
  readonly sandbox: RunningSandbox;
  /** As Vault's root. */
  readonly vault: VaultClient;
}

/** A client with a root token of its own, for a test file's own checks; `close` revokes it. */
export function rootVault(sandbox: RunningSandbox): Promise<VaultClient> {
  return openRoot(sandbox);
}

/** The dev stack as the sandbox deploys it, with edits. */
export async function declarationWith(sandbox: RunningSandbox, ...edits: readonly Edit[]): Promise<Fields> {
  const base: Fields = sandboxDeclaration(await devDeclaration(projectFolder), sandbox);
  return edits.reduce<Fields>((declaration, edit) => merged(declaration, edit), base);
}

/** The secrets of the reference declaration's one service, as an edit. */
export function llmSecrets(secrets: Edit): Edit {
  return { namespaces: { llm: { services: { "llm-gateway": { secrets } } } } };
}

/** Deploys the dev stack with edits, as its deployer, whose rights are made for them first. */
export async function deploy(
  ground: Ground,
  ...edits: readonly Edit[]
): Promise<UpResult & { readonly done: readonly Change[] }> {
  const declaration = await declarationWith(ground.sandbox, ...edits);
  const done: Change[] = [];
  const onChange = (change: Change) => {
    if (change.action !== "same") done.push(change);
  };
  await bootstrapOperators(ground.sandbox, parseSettings(declaration, "Pulumi.dev.yaml"));
  return { ...(await ground.engine.up({ declaration, sandbox: ground.sandbox, onChange })), done };
}

/** As `npm start` does it: demo values are put as soon as the mount is there, beside the deployment. */
export async function firstDeploy(
  ground: Ground,
): Promise<UpResult & { readonly seeded: readonly Seeded[] }> {
  const declaration = await declarationWith(ground.sandbox);
  const ended = new AbortController();
  const settings = parseSettings(declaration, "Pulumi.dev.yaml");
  await bootstrapOperators(ground.sandbox, settings);
  try {
    const [result, seeded] = await Promise.all([
      ground.engine.up({ declaration, sandbox: ground.sandbox }),
      seedDemoValues(ground.sandbox, settings, ended.signal),
    ]);
    return { ...result, seeded };
  } finally {
    ended.abort();
  }
}

/** The newest value of a property in the KV mount. */
export async function valueInVault(ground: Ground, path: string, property: string): Promise<unknown> {
  const secret = await ground.vault.read(`kv/data/${path}`);
  return (secret?.data as Fields | undefined)?.[property];
}

/** Writes a new version; retried while the cluster has no leader. */
export async function putInVault(
  ground: Ground,
  path: string,
  data: Readonly<Record<string, string>>,
): Promise<void> {
  const deadline = performance.now() + 30_000;
  for (;;) {
    try {
      const metadata = await ground.vault.read(`kv/metadata/${path}`);
      const cas = Number(metadata?.current_version ?? 0);
      await ground.vault.write(`kv/data/${path}`, { options: { cas }, data });
      return;
    } catch (error) {
      const refused = error instanceof VaultError && !error.passing;
      if (refused || performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }
}

function merged(base: Fields, edit: Edit): Fields {
  const entries = Object.entries(edit).map(([key, value]) => {
    const both = isMap(value) && isMap(base[key]);
    return [key, both ? merged(base[key] as Fields, value) : value] as const;
  });
  return Object.fromEntries(
    Object.entries({ ...base, ...Object.fromEntries(entries) }).filter(([, value]) => value !== undefined),
  );
}

function isMap(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
