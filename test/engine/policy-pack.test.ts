import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { type ConfigMap, LocalWorkspace, type Stack } from "@pulumi/pulumi/automation/index.js";
import * as random from "@pulumi/random";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { violationOf } from "../../sandbox/engine/pulumi/events.ts";
import { projectFolder } from "../sandbox/main-job/ground.ts";
import { missing, titled } from "./own-sandbox.ts";

/** Only components, of whatever type: Pulumi hands them to a pack as it does resources, and no server is needed. */
class Registered extends pulumi.ComponentResource {
  constructor(
    type: string,
    name: string,
    props: pulumi.Inputs = {},
    opts: pulumi.ComponentResourceOptions = {},
  ) {
    super(type, name, props, opts);
  }
}

interface JudgedOptions {
  readonly stack?: string;
  /** Of the stack. */
  readonly config?: ConfigMap;
  /** Configuration of the pack. */
  readonly rules?: object;
  readonly operation?: "preview" | "up";
}

const pack = join(projectFolder, "policy");
const canary = `hvs.${"aB3".repeat(9)}`;

describe.skipIf(missing.length > 0)(titled("the policy pack"), () => {
  let home: string;

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), "policy-pack-"));
  });

  afterAll(async () => {
    await rm(home, { recursive: true, force: true });
  });

  /** Runs `program` under the pack; gives what is refused, and all that the CLI printed. */
  async function judged(program: () => void, options: JudgedOptions = {}) {
    const stack = await open(options.stack ?? "dev", program);
    await stack.setAllConfig(options.config ?? {});
    const violations: string[] = [];
    const printed: string[] = [];
    const run = {
      policyPacks: [pack],
      ...(options.rules === undefined ? {} : { policyPackConfigs: [await written(options.rules)] }),
      color: "never" as const,
      onOutput: (text: string) => printed.push(text),
      onEvent: (event: Parameters<typeof violationOf>[0]) => {
        const violation = violationOf(event);
        if (violation !== undefined) violations.push(violation.split("\n").at(-1) ?? "");
      },
    };
    const outcome = options.operation === "up" ? stack.up(run) : stack.preview(run);
    const error: unknown = await outcome.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    return {
      passed: error === undefined,
      violations: violations.toSorted(),
      printed: printed.join("") + String(error),
    };
  }

  async function written(rules: object): Promise<string> {
    const file = join(home, "pack-config.json");
    await writeFile(file, JSON.stringify(rules));
    return file;
  }

  function open(stackName: string, program: () => void): Promise<Stack> {
    return LocalWorkspace.createOrSelectStack(
      { projectName: "policy-test", stackName, program: async () => program() },
      {
        projectSettings: {
          name: "policy-test",
          runtime: "nodejs",
          backend: { url: `file://${home}` },
        },
        envVars: {
          PULUMI_HOME: home,
          PULUMI_CONFIG_PASSPHRASE: "test",
          PULUMI_SKIP_UPDATE_CHECK: "true",
          PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
        },
      },
    );
  }

  it.each(["preview", "up"] as const)(
    "lets a stack of other providers %s, with secret and unknown values",
    async (operation) => {
      const program = () => {
        const password = new random.RandomPassword("password", { length: 12 });
        new random.RandomPet("pet", { prefix: password.result, keepers: { token: pulumi.secret(canary) } });
        new Registered("aws:s3/bucket:Bucket", "bucket", { acl: "*", policy: password.result });
        new Registered("example:index:Thing", "thing", {
          nested: [{ key: pulumi.secret({ inner: canary }) }],
        });
      };
      const { passed, violations, printed } = await judged(program, { operation });
      expect(violations).toEqual([]);
      expect(passed, printed).toBe(true);
      expect(printed).toContain("vault-management@v0.1.0");
      expect(printed).not.toContain(canary);
    },
  );

  it("refuses what breaks a rule, and says which, where and how to mend it", async () => {
    const { passed, violations, printed } = await judged(() => {
      const policy = 'path "kv/data/llm/*" { capabilities = ["read"] }';
      new Registered("vault:index/policy:Policy", "wide", { name: "wide", policy });
      new Registered("vault:kubernetes/authBackendRole:AuthBackendRole", "anybody", {
        boundServiceAccountNames: ["*"],
        boundServiceAccountNamespaces: ["llm"],
        audience: "vault",
        tokenTtl: 86_400,
        tokenMaxTtl: 3_600,
      });
      new Registered("vault:index/audit:Audit", "raw", {
        type: "file",
        options: { file_path: "stdout", log_raw: "true" },
      });
      new Registered("vault:index/mount:Mount", "open", { auditNonHmacRequestKeys: ["data"] });
      new Registered("kubernetes:external-secrets.io/v1:SecretStore", "stray");
      new Registered("example:index:Thing", "careless", { env: [{ name: "TOKEN", value: canary }] });
    });
    const subject = 'vault:kubernetes/authBackendRole:AuthBackendRole "anybody"';
    const expected = [
      'audit-devices: stack "dev" manages a Vault cluster with 1 audit device(s) that write. Fix: ',
      'audit-hmac-keys: vault:index/mount:Mount "open" has auditNonHmacRequestKeys data. Fix: ',
      `bound-roles: ${subject} has boundServiceAccountNames "*". Fix: write out each name.`,
      'external-secrets-in-components: kubernetes:external-secrets.io/v1:SecretStore "stray" is made outside ',
      `no-default-policy: ${subject} leaves the default policy on. Fix: `,
      'plain-secrets: example:index:Thing "careless" has what looks like a Vault token in its plain input env[0].value ',
      'raw-audit: vault:index/audit:Audit "raw" has log_raw on: ',
      `token-lifetimes: ${subject} has tokenTtl 86400, over the limit of 3600 seconds. Fix: `,
      'workload-policies: vault:index/policy:Policy "wide" grants read on "kv/data/llm/*", which is not one exact path. Fix: ',
    ];
    expect(violations).toEqual(expected.map((text) => expect.stringContaining(text)));
    expect(passed).toBe(false);
    expect(printed).not.toContain(canary);
  });

  it("judges on the update what the preview did not know yet", async () => {
    const program = () => {
      const pet = new random.RandomPet("owner");
      const policy = pulumi.interpolate`path "kv/data/${pet.id}/*" { capabilities = ["read"] }`;
      new Registered("vault:index/policy:Policy", "late", { name: "late", policy });
    };
    expect(await judged(program)).toMatchObject({ passed: true, violations: [] });
    const { passed, violations } = await judged(program, { operation: "up" });
    expect(passed).toBe(false);
    expect(violations).toEqual([
      expect.stringContaining('workload-policies: vault:index/policy:Policy "late"'),
    ]);
  });

  it("knows production by the tier of the stack's file, and by the stack's name", async () => {
    const program = () => {
      new Registered("vault:index/mount:Mount", "kept", {}, { protect: true });
      new Registered("vault:index/mount:Mount", "loose");
    };
    const refused = [expect.stringContaining('protected-mounts: vault:index/mount:Mount "loose"')];
    expect((await judged(program)).violations).toEqual([]);
    expect((await judged(program, { stack: "prod" })).violations).toEqual(refused);
    const tier = { "vault-management:tier": { value: "production" } };
    expect((await judged(program, { stack: "eu", config: tier })).violations).toEqual(refused);
  });

  it("takes a configuration of its rules, and refuses one that is none", async () => {
    const program = () => {
      new Registered("vault:index/mount:Mount", "open", { auditNonHmacRequestKeys: ["error"] });
    };
    expect((await judged(program)).violations).toHaveLength(1);
    const allowed = { "audit-hmac-keys": { allowedKeys: ["error"] } };
    expect(await judged(program, { rules: allowed })).toMatchObject({ passed: true, violations: [] });
    const { passed, printed } = await judged(program, {
      rules: { "audit-hmac-keys": { allowedKeys: "error" } },
    });
    expect(passed).toBe(false);
    expect(printed).toMatch(/allowedKeys.*array/);
  });
});
