import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual, promisify } from "node:util";
import { type Fields, fieldsOf, requiredText } from "../../../resources/values.ts";
import { until } from "../../processes/until.ts";
import type { ChangeAction } from "../engine.ts";
import type { KubernetesClient } from "./kubernetes-client.ts";
import { hasCondition } from "./kubernetes-resource.ts";

const run = promisify(execFile);
const label = "sandbox-owner";
const intervalMs = 200;
const availableTimeoutMs = 120_000;
/** What helm needs of the program's environment; Vault's token, which is in it too, is no concern of helm's. */
const inherited = ["PATH", "HOME", "TMPDIR", "KUBECONFIG"];
const largestOutputBytes = 64 * 1024 * 1024;

export interface HelmRelease {
  readonly name: string;
  readonly namespace: string;
}

/** Helm releases by the helm binary, with helm's own files in a folder of the sandbox instead of the user's. */
export class Helm {
  readonly #binary: string;
  readonly #folder: string;
  readonly #owner: string;
  readonly #environment: NodeJS.ProcessEnv;

  /**
   * @param owner the environment of the stack whose releases these are
   * @param environment says by KUBECONFIG which cluster, and as whom
   */
  constructor(binary: string, folder: string, owner: string, environment: NodeJS.ProcessEnv) {
    this.#binary = binary;
    this.#folder = folder;
    this.#owner = owner;
    this.#environment = Object.fromEntries(inherited.map((name) => [name, environment[name]]));
  }

  /**
   * Installs or upgrades a release, when its chart or values differ from the deployed one, and waits until its
   * deployments are available.
   */
  async apply(
    kubernetes: KubernetesClient,
    inputs: Fields,
  ): Promise<{ readonly id: string; readonly action: ChangeAction }> {
    const release = { name: requiredText(inputs, "name"), namespace: requiredText(inputs, "namespace") };
    const chart = await this.#chart(inputs);
    const values = fieldsOf(inputs.values);
    const deployed = await this.#deployed(release);
    const same = deployed?.chart === chart.label && isDeepStrictEqual(values, await this.#values(release));
    if (!same) await this.#upgrade(release, chart.arguments, values);
    await untilAvailable(kubernetes, release);
    const action = same ? "same" : deployed === undefined ? "created" : "updated";
    return { id: `${release.namespace}/${release.name}`, action };
  }

  /** The releases that this engine installed for the stack. */
  async owned(): Promise<readonly HelmRelease[]> {
    const listed = await this.#json([
      "list",
      "--all-namespaces",
      "--all",
      "--selector",
      `${label}=${this.#owner}`,
    ]);
    return Array.isArray(listed) ? listed.map(fieldsOf).map(releaseOf) : [];
  }

  async uninstall({ name, namespace }: HelmRelease): Promise<void> {
    await this.#helm(["uninstall", name, "--namespace", namespace, "--wait"]);
  }

  /** A chart folder, or a chart of a repository, as helm's arguments; its label is what `helm list` calls it. */
  async #chart(inputs: Fields): Promise<{ readonly arguments: readonly string[]; readonly label: string }> {
    const chart = requiredText(inputs, "chart");
    const repository = fieldsOf(inputs.repositoryOpts).repo;
    const version = inputs.version;
    const reference = [
      chart,
      ...(typeof repository === "string" ? ["--repo", repository] : []),
      ...(typeof version === "string" ? ["--version", version] : []),
    ];
    const metadata = await this.#helm(["show", "chart", ...reference]);
    const field = (name: string) => new RegExp(`^${name}: (.+)$`, "m").exec(metadata)?.[1]?.trim() ?? "";
    return { arguments: reference, label: `${field("name")}-${field("version")}` };
  }

  async #deployed({ name, namespace }: HelmRelease): Promise<{ readonly chart: string } | undefined> {
    const listed = await this.#json(["list", "--namespace", namespace, "--filter", `^${name}$`, "--all"]);
    const [release] = Array.isArray(listed) ? listed.map(fieldsOf) : [];
    if (release === undefined) return undefined;
    // A release whose installation was interrupted is no match for any chart, and is installed again.
    return { chart: release.status === "deployed" ? String(release.chart) : "" };
  }

  async #values({ name, namespace }: HelmRelease): Promise<Fields> {
    return fieldsOf(await this.#json(["get", "values", name, "--namespace", namespace]));
  }

  async #upgrade(release: HelmRelease, chart: readonly string[], values: Fields): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const file = join(this.#folder, `values-${randomBytes(6).toString("hex")}.json`);
    await writeFile(file, JSON.stringify(values), { mode: 0o600 });
    try {
      await this.#helm([
        ...["upgrade", "--install", release.name, ...chart],
        ...["--namespace", release.namespace, "--values", file, "--labels", `${label}=${this.#owner}`],
      ]);
    } finally {
      await rm(file, { force: true });
    }
  }

  async #json(arguments_: readonly string[]): Promise<unknown> {
    return JSON.parse(await this.#helm([...arguments_, "--output", "json"]));
  }

  async #helm(arguments_: readonly string[]): Promise<string> {
    const homes = Object.fromEntries(
      ["CACHE", "CONFIG", "DATA"].map((kind) => [
        `HELM_${kind}_HOME`,
        join(this.#folder, kind.toLowerCase()),
      ]),
    );
    try {
      const options = { env: { ...this.#environment, ...homes }, maxBuffer: largestOutputBytes };
      return (await run(this.#binary, arguments_, options)).stdout;
    } catch (error) {
      const stderr = String((error as { readonly stderr?: unknown }).stderr ?? error).trim();
      throw new Error(`helm ${arguments_[0]} failed: ${stderr}`);
    }
  }
}

async function untilAvailable(kubernetes: KubernetesClient, release: HelmRelease): Promise<void> {
  await until(
    `the release ${release.name} was available`,
    { deadlineMs: availableTimeoutMs, intervalMs },
    async () => {
      const deployments = await kubernetes.list("apps/v1", "Deployment", {
        namespace: release.namespace,
      });
      const own = deployments.filter((one) => releaseName(one) === release.name);
      return own.length > 0 && own.every(isAvailable) ? true : undefined;
    },
  );
}

function releaseName(deployment: Fields): unknown {
  return fieldsOf(fieldsOf(deployment.metadata).annotations)["meta.helm.sh/release-name"];
}

/** Every replica of the newest generation, as `kubectl rollout status` asks. */
function isAvailable(deployment: Fields): boolean {
  const { observedGeneration, updatedReplicas, availableReplicas, replicas } = fieldsOf(deployment.status);
  const wanted = fieldsOf(deployment.spec).replicas;
  const current = observedGeneration === fieldsOf(deployment.metadata).generation;
  const complete = [updatedReplicas, availableReplicas, replicas].every((count) => (count ?? 0) === wanted);
  return current && complete && hasCondition(deployment, "Available");
}

function releaseOf(listed: Fields): HelmRelease {
  return { name: String(listed.name), namespace: String(listed.namespace) };
}
