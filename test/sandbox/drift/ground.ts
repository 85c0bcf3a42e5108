import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KubeConfig, KubernetesObjectApi, PatchStrategy } from "@kubernetes/client-node";
import type { Finding, Looked } from "../../../cli/drift/finding.ts";
import type { NudgeReport } from "../../../cli/drift/nudge.ts";
import { fieldsOf } from "../../../resources/values.ts";
import { directEngine } from "../../../sandbox/engine/direct/engine.ts";
import type { TokenHolder } from "../../../sandbox/operators/files.ts";
import { readState } from "../../../sandbox/state.ts";
import { type Answer, runCommand, writeDevStack } from "../command.ts";
import { useSandbox } from "../harness.ts";
import { Cluster } from "../main-job/cluster.ts";
import {
  declarationWith,
  deploy,
  type Edit,
  type Fields,
  type Ground,
  projectFolder,
  putInVault,
  rootVault,
} from "../main-job/ground.ts";

export const generatedPath = "drift/made";

const plain: Edit = { externalSecrets: { readiness: { mode: "report", timeout: "1s" } } };

/** Something of each kind: a CA with a certificate, a database that nobody has given its password, a rotation, a generated value. */
export const stack: Edit = {
  ...plain,
  pki: {
    domains: ["llm.voyager.internal"],
    root: { mount: "drift-root", commonName: "Drift Root", ttl: "87600h" },
    intermediate: { mount: "drift-int", commonName: "Drift Intermediate", ttl: "43800h" },
  },
  databases: {
    orders: {
      ...{ mount: "drift-database", host: "127.0.0.1:1", database: "orders", username: "vault_orders" },
      roles: { app: { kind: "static", username: "orders_app", rotationPeriod: "24h" } },
    },
  },
  rotation: {
    keys: {
      "openai-drift": {
        ...{ provider: "openai", project: "proj_drift", name: "llm-gateway" },
        ...{ path: "drift/rotated", property: "api_key", admin: "drift/admin#api_key" },
        ...{ schedule: "0 3 * * 1", overlap: "3h" },
      },
    },
  },
  namespaces: {
    llm: {
      services: {
        "llm-gateway": {
          certificates: { "gateway-tls": { commonName: "gateway.llm.voyager.internal", ttl: "1h" } },
          secrets: {
            rotated: { refreshInterval: "1h", data: { api_key: "drift/rotated#api_key" } },
            made: {
              data: {
                password: { source: "generated", remoteRef: { key: generatedPath, property: "password" } },
              },
            },
          },
        },
      },
    },
  },
};

/** Whose Vault token and whose kubeconfig a command has. */
export interface Who {
  readonly token?: TokenHolder;
  readonly kubeconfig?: "admin" | "deployer" | "previewer" | "auditor";
  /** Variables beside those two. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface DriftGround extends Ground {
  readonly cluster: Cluster;
  up(): Promise<unknown>;
  /** `npm run drift` as the previewer, or as somebody else. */
  run(args?: readonly string[], who?: Who): Promise<Answer>;
  /** The same with `--json`. */
  look(who?: Who): Promise<{ readonly code: number | null } & Looked>;
  nudge(args: readonly string[], who: Who): Promise<{ readonly code: number | null } & NudgeReport>;
  /** Changes an object as the cluster's administrator does with kubectl. */
  patch(object: ObjectName, body: Fields): Promise<void>;
  read(object: ObjectName): Promise<Fields>;
  create(object: ObjectName & Fields): Promise<void>;
  remove(object: ObjectName): Promise<void>;
  close(): Promise<void>;
}

export interface ObjectName {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
}

/** The field manager of what is done by hand here. */
export const MANAGER = "by-hand";

export async function driftGround(): Promise<DriftGround> {
  const sandbox = await useSandbox();
  const vault = await rootVault(sandbox);
  const ground: Ground = { engine: directEngine("the tests' own", projectFolder), sandbox, vault };
  const folder = await mkdtemp(join(tmpdir(), "drift-"));
  await writeDevStack(folder, await declarationWith(sandbox, stack));
  // A rotation is deployed once its admin credential is there, and that once its mount is.
  await deploy(ground, plain);
  await putValues(ground);
  const config = new KubeConfig();
  config.loadFromFile(sandbox.kubernetes.kubeconfigs.admin);
  const objects = KubernetesObjectApi.makeApiClient(config);

  const run = async (args: readonly string[] = [], who: Who = {}) => {
    const { token = "previewer", kubeconfig = "previewer", env = {} } = who;
    return runCommand("cli/drift/main.ts", ["--direct", ...args].filter(unlessNudging(args)), {
      cwd: folder,
      env: {
        PATH: "",
        HOME: folder,
        VAULT_TOKEN: await readState(sandbox.vault.tokens[token]),
        KUBECONFIG: sandbox.kubernetes.kubeconfigs[kubeconfig],
        ...env,
      },
    });
  };
  const json = async <T>(args: readonly string[], who?: Who) => {
    const { code, stdout, stderr } = await run([...args, "--json"], who);
    if (stdout === "") throw new Error(stderr);
    return { code, ...(JSON.parse(stdout) as T) };
  };
  return {
    ...ground,
    cluster: new Cluster(sandbox),
    up: () => deploy(ground, stack),
    run,
    look: (who) => json<Looked>([], who),
    nudge: (args, who) => json<NudgeReport>(["--nudge", ...args], who),
    patch: async (object, body) => {
      await objects.patch(
        { ...object, ...body, metadata: { ...object.metadata, ...(body.metadata as Fields) } },
        undefined,
        undefined,
        MANAGER,
        undefined,
        PatchStrategy.MergePatch,
      );
    },
    read: async (object) => fieldsOf(await objects.read(object)),
    create: async (object) => {
      await objects.create(object);
    },
    remove: async (object) => {
      await objects.delete(object);
    },
    close: async () => {
      await deploy(ground, plain);
      for (const mount of ["drift-root", "drift-int", "drift-database"]) {
        await vault.delete(`sys/mounts/${mount}`);
      }
      for (const path of [generatedPath, "drift/rotated", "drift/admin"]) {
        await vault.delete(`kv/metadata/${path}`);
      }
      await vault.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** `--direct` says nothing of `--nudge`. */
function unlessNudging(args: readonly string[]) {
  return (arg: string) => arg !== "--direct" || !args.includes("--nudge");
}

/** Values for what the stack reads, so that its Secrets are there. */
async function putValues(ground: Ground): Promise<void> {
  await putInVault(ground, "llm/openai", { api_key: "sk-drift-1" });
  await putInVault(ground, "drift/rotated", { api_key: "sk-drift-2" });
  await putInVault(ground, "drift/admin", { api_key: "sk-drift-admin" });
}

/** What was found of a thing, and of which of its fields. */
export function foundOf(findings: readonly Finding[], what: RegExp): readonly string[] {
  return findings
    .filter((one) => what.test(one.what))
    .flatMap(({ drift, fields }) => [drift, ...fields.map(({ field }) => field)]);
}
