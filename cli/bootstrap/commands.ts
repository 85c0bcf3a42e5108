import { open, rm } from "node:fs/promises";
import { stringify } from "yaml";
import { operatorManifests } from "../../access/operators/kubernetes.ts";
import {
  actsInEmergency,
  LONGEST_EMERGENCY_TOKEN,
  type Operator,
  operatorPolicyName,
  operators,
} from "../../access/operators/names.ts";
import type { VaultClient } from "../../clients/vault.ts";
import { nearest } from "../../config/problems.ts";
import type { Settings } from "../../config/schema.ts";
import { durationMs } from "../../config/values.ts";
import { withStackVault } from "../connection.ts";
import { kubeConfigFor } from "../kube-config.ts";
import { stackSettings } from "../stack.ts";
import { applyKubernetes, applyVault, needsClientSecret } from "./apply.ts";
import { readClientSecret } from "./client-secret.ts";
import { planKubernetes } from "./cluster.ts";
import { operatorPolicies } from "./desired.ts";
import { type BootstrapChange, planVault } from "./plan.ts";
import { doneLine, planText } from "./report.ts";
import { requireVaultRights } from "./rights.ts";

/** Exit code of `apply --plan` when something would be done; 1 is kept for errors. */
export const SOMETHING_DIFFERS = 2;

const LONGEST_TOKEN = "24h";
const DEFAULT_TOKEN = "1h";

export interface ApplyOptions {
  readonly stack: string;
  readonly plan?: true;
  readonly clientSecret?: true;
  readonly vaultOnly?: true;
  readonly kubernetesOnly?: true;
  readonly json?: true;
}

/** @returns the exit code: 0, or {@link SOMETHING_DIFFERS} */
export async function apply(options: ApplyOptions): Promise<number> {
  const settings = await stackSettings(options.stack);
  const cluster = options.vaultOnly ? undefined : kubeConfigFor(settings.kubernetes.context, "--vault-only");
  const changes = options.kubernetesOnly
    ? await inCluster(cluster, settings, options)
    : await withStackVault(settings, (client) => everywhere(client, cluster, settings, options));
  console.log(options.json ? JSON.stringify(changes, null, 2) : planText(changes, options));
  const differs = changes.some(({ action }) => action !== "keep");
  return options.plan && differs ? SOMETHING_DIFFERS : 0;
}

type Cluster = ReturnType<typeof kubeConfigFor> | undefined;

/** Both servers are asked for every right before either is changed. */
async function everywhere(
  client: VaultClient,
  cluster: Cluster,
  settings: Settings,
  options: ApplyOptions,
): Promise<readonly BootstrapChange[]> {
  await requireVaultRights(client, settings, options.plan ? "plan" : "apply");
  const steps = await planVault(client, settings);
  const planned = cluster === undefined ? [] : await planKubernetes(cluster, settings);
  if (options.plan) return [...steps, ...planned].map(summary);
  const clientSecret =
    options.clientSecret || needsClientSecret(steps, settings) ? await readClientSecret() : undefined;
  const done = await applyVault(client, settings, {
    ...(clientSecret === undefined ? {} : { clientSecret }),
    report: tell,
  });
  return [...done, ...(await inCluster(cluster, settings, options))];
}

async function inCluster(
  cluster: Cluster,
  settings: Settings,
  { plan }: ApplyOptions,
): Promise<readonly BootstrapChange[]> {
  if (cluster === undefined) return [];
  if (plan) return (await planKubernetes(cluster, settings)).map(summary);
  return applyKubernetes(cluster, settings, tell);
}

function summary({ kind, path, action, fields }: BootstrapChange): BootstrapChange {
  return { kind, path, action, fields };
}

function tell(change: BootstrapChange): void {
  if (change.action !== "keep") console.error(doneLine(change));
}

export interface PolicyOptions {
  readonly stack: string;
  readonly kubernetes?: true;
}

export async function policy(
  name: string | undefined,
  { stack, kubernetes }: PolicyOptions,
): Promise<number> {
  if (kubernetes ? name !== undefined : name === undefined) {
    throw new Error(
      `Name one operator (${operators.join(" | ")}), or --kubernetes for the manifests of all of them`,
    );
  }
  const operator = name === undefined ? undefined : operatorNamed(name);
  const settings = await stackSettings(stack);
  if (operator === undefined) {
    console.log(
      operatorManifests(settings)
        .map((manifest) => stringify(manifest))
        .join("---\n")
        .trimEnd(),
    );
    return 0;
  }
  const found = operatorPolicies(settings).find(
    (one) => one.name === operatorPolicyName(settings.environment, operator),
  );
  console.log(found?.document.trimEnd());
  return 0;
}

export interface TokenOptions {
  readonly stack: string;
  /** @default 1h, of break-glass 15m */
  readonly ttl?: string;
  readonly out: string;
}

/** A token of one operator's policy, in a new file and nowhere else. */
export async function token(name: string, { stack, ttl: asked, out }: TokenOptions): Promise<number> {
  const operator = operatorNamed(name);
  const ttl = lifeOf(operator, asked);
  const settings = await stackSettings(stack);
  const policyName = operatorPolicyName(settings.environment, operator);
  return withStackVault(settings, async (client) => {
    if ((await client.read(`sys/policies/acl/${policyName}`)) === undefined) {
      throw new Error(`Vault has no policy ${policyName} yet: npm run bootstrap -- apply -s ${stack}`);
    }
    await writeNew(out, async () => {
      const { auth } = await client.write("auth/token/create-orphan", {
        policies: [policyName],
        no_default_policy: true,
        display_name: `${settings.environment}-${operator}`,
        ttl,
        explicit_max_ttl: ttl,
        renewable: false,
      });
      return `${String(auth?.client_token)}\n`;
    });
    console.log(`A token of ${policyName}, good for ${ttl}, is in ${out}.`);
    return 0;
  });
}

function lifeOf(operator: Operator, asked: string | undefined): string {
  const emergency = actsInEmergency(operator);
  const longest = emergency ? LONGEST_EMERGENCY_TOKEN : LONGEST_TOKEN;
  const ttl = asked ?? (emergency ? LONGEST_EMERGENCY_TOKEN : DEFAULT_TOKEN);
  if (durationMs(ttl) > 0 && durationMs(ttl) <= durationMs(longest)) return ttl;
  throw new Error(
    `--ttl: found ${ttl}, allowed for ${operator} a Go duration of at most ${longest}, e.g. ${emergency ? "10m" : "1h"}`,
  );
}

/** The file is made first: one that cannot be written must not cost a token that nobody has. */
async function writeNew(path: string, content: () => Promise<string>): Promise<void> {
  const file = await open(path, "wx", 0o600);
  try {
    await file.writeFile(await content());
  } catch (error) {
    await rm(path);
    throw error;
  } finally {
    await file.close();
  }
}

function operatorNamed(name: string): Operator {
  const operator = operators.find((one) => one === name);
  if (operator !== undefined) return operator;
  const near = nearest(name, operators);
  throw new Error(
    `operator: found ${name}, allowed ${operators.join(" | ")}${near === undefined ? "" : `; did you mean ${near}?`}`,
  );
}
