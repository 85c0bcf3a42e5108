import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ConfigError } from "../../../config/problems.ts";
import { rawDeclaration, readStackFile } from "../../../config/stack-file.ts";
import { problemsOfCall } from "./declarations.ts";

const projectFile = (name: string) => new URL(`../../../${name}`, import.meta.url).pathname;
const problemsOf = (yaml: string) => problemsOfCall(() => rawDeclaration(yaml, "Pulumi.test.yaml"));

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "stack-files-"));
});
afterEach(() => rm(folder, { recursive: true }));

async function stack(name: string, change: (yaml: string) => string = (yaml) => yaml): Promise<string> {
  const file = join(folder, `Pulumi.${name}.yaml`);
  const source = name.startsWith("prod") ? "Pulumi.prod.yaml" : "Pulumi.dev.yaml";
  await writeFile(file, change(await readFile(projectFile(source), "utf8")));
  return file;
}

async function problemsReading(file: string) {
  const error = await readStackFile(file).catch((caught: unknown) => caught);
  return error instanceof ConfigError ? error.problems : [];
}

const toDevVault = (yaml: string) =>
  yaml.replace("https://vault.prod.voyager.internal", "https://vault.voyager.internal");
/** Without what belongs to the one stack that manages the cluster. */
const shared = (yaml: string) =>
  yaml
    .replace("cluster: managed", "cluster: shared")
    .replace(/ {4}(autopilot|auditDevices|quotas):\n( {6,}.*\n)+/g, "");

describe("the tracked stack files", () => {
  it("dev holds the reference declaration", async () => {
    const settings = await readStackFile(projectFile("Pulumi.dev.yaml"));
    expect(settings).toMatchObject({
      environment: "dev",
      tier: "development",
      vault: {
        address: "https://vault.voyager.internal",
        auth: { mount: "kubernetes", rolePrefix: "voyager-platform" },
      },
      externalSecrets: { namespace: "vault" },
    });
    expect(Object.keys(settings.vault.mounts)).toEqual(["kv"]);
    const [llm, user] = settings.namespaces;
    expect(llm).toMatchObject({
      name: "llm",
      create: true,
      mount: "kv",
      stores: [{ name: "vault-store", serviceAccount: "vault-store" }],
      services: [
        {
          name: "llm-gateway",
          secrets: [
            {
              name: "openai-api-key",
              target: "openai-api-key",
              refreshInterval: "1h",
              data: { api_key: { key: "llm/openai", property: "api_key" } },
            },
          ],
        },
      ],
    });
    expect(user).toMatchObject({ name: "user", stores: [{ name: "vault-store" }], services: [] });
  });

  it("prod has names of its own, two audit devices, two replicas, and creates no namespace", async () => {
    const settings = await readStackFile(projectFile("Pulumi.prod.yaml"));
    expect(settings).toMatchObject({
      environment: "prod",
      tier: "production",
      vault: { cluster: "managed", auth: { mount: "kubernetes-prod", rolePrefix: "voyager-platform-prod" } },
      externalSecrets: { replicas: 2, chart: { version: "2.9.0" } },
    });
    expect(Object.keys(settings.vault.mounts)).toEqual(["kv-prod"]);
    const paths = Object.values(settings.vault.auditDevices).map(({ filePath }) => filePath);
    expect(new Set(paths).size).toBe(2);
    expect(settings.vault.egressCidrs).not.toEqual([]);
    expect(settings.namespaces.map(({ create }) => create)).toEqual([false, false]);
  });
});

describe("two stacks on one Vault", () => {
  it("dev and prod collide in nothing but the cluster's management", async () => {
    await stack("dev");
    const problems = await problemsReading(await stack("prod", toDevVault));
    expect(problems.map(({ path }) => path)).toEqual(["vault.cluster"]);
    expect(problems[0]?.found).toContain("Pulumi.dev.yaml");
  });

  it("share it once one of them declares the cluster shared", async () => {
    await stack("dev", shared);
    expect(await problemsReading(await stack("prod", toDevVault))).toEqual([]);
  });

  it("with the same names collide in each of them, however the address is written", async () => {
    await stack("dev");
    const twin = await stack("copy", (yaml) =>
      yaml.replace("https://vault.voyager.internal", "https://VAULT.voyager.internal:443/"),
    );
    const paths = (await problemsReading(twin)).map(({ path }) => path);
    expect(paths).toEqual(["vault.mounts.kv", "vault.auth.mount", "vault.auth.rolePrefix", "vault.cluster"]);
  });

  it("collide when one's mount lies in the other's", async () => {
    await stack("dev", (yaml) => shared(yaml).replace("      kv:", "      kv-prod/dev:"));
    const problems = await problemsReading(await stack("prod", toDevVault));
    expect(problems.map(({ path }) => path)).toEqual(["vault.mounts.kv-prod"]);
  });

  it("on two Vaults do not collide", async () => {
    await stack("dev");
    expect(await problemsReading(await stack("prod"))).toEqual([]);
  });

  it("are compared also when a stack's name has a dot", async () => {
    await stack("eu.dev");
    expect(await problemsReading(await stack("dev"))).toHaveLength(4);
  });

  it("do not stop each other by a file that is not a declaration yet", async () => {
    await writeFile(join(folder, "Pulumi.new.yaml"), "encryptionsalt: v1:abc\n");
    expect(await problemsReading(await stack("dev"))).toEqual([]);
  });
});

describe("the file itself", () => {
  it.each([
    ["a list", "- a\n", "(the file)", "YAML that is not a map"],
    ["a text", "hello\n", "(the file)", "YAML that is not a map"],
    ["nothing", "", "(the file)", "YAML that is not a map"],
    ["no config", "encryptionsalt: x\n", "config", "no map"],
    ["a config that is a list", "config: []\n", "config", "no map"],
  ])("refuses %s", (_name, yaml, path, found) => {
    expect(problemsOf(yaml)).toEqual([expect.objectContaining({ path, found })]);
  });

  it("refuses broken YAML in one line that quotes nothing of it", () => {
    const [problem] = problemsOf("config:\n  a: 1\n  a: canary-value\n");
    expect(problem?.found).toMatch(/unique.*line 3/);
    expect(problem?.found).not.toMatch(/canary|\n/);
  });

  it("refuses keys without the project's prefix, or with a misspelt one, and leaves providers' keys alone", () => {
    const problems = problemsOf(
      "config:\n  tier: x\n  vault-managment:vault: {}\n  kubernetes:context: a\n  pulumi:tags: {}\n",
    );
    expect(problems.map(({ path, fix }) => ({ path, fix }))).toEqual([
      { path: "config.tier", fix: "rename it to vault-management:tier" },
      { path: 'config."vault-managment:vault"', fix: "rename it to vault-management:vault" },
    ]);
  });

  it("refuses Pulumi secrets at any depth, says where values belong, and shows nothing of them", () => {
    const error = (() => {
      try {
        rawDeclaration(
          "config:\n  vault-management:environment: {secure: canary-one}\n  vault-management:vault: {nodes: [{secure: canary-two}]}\n  vault:token: {secure: other}\n",
          "Pulumi.test.yaml",
        );
      } catch (caught) {
        return caught as ConfigError;
      }
    })();
    expect(error?.problems.map(({ path }) => path)).toEqual(["environment", "vault.nodes[0]"]);
    expect(error?.message).toContain("npm run secrets -- put");
    expect(error?.message).not.toContain("canary");
  });
});
