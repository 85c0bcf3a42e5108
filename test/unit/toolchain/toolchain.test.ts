import { execFile } from "node:child_process";
import { chmod, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { BuildProgress } from "../../../sandbox/toolchain/progress.ts";
import { prepareToolchain } from "../../../sandbox/toolchain/toolchain.ts";
import { Workshop } from "./fixture.ts";

const run = promisify(execFile);
let shop: Workshop;

beforeEach(async () => {
  shop = await Workshop.open();
});

afterEach(async () => {
  await shop.close();
});

describe("where a server comes from", () => {
  test("its own variable, then PATH, then KUBEBUILDER_ASSETS, then the cache, then a build", async () => {
    const first = await prepareToolchain(shop.options);
    expect(first.origins).toEqual({ etcd: "built", vault: "built" });
    expect((await run(first.binaries.etcd)).stdout).toBe("built example.test/etcd/cmd\n");
    expect(await prepareToolchain(shop.options)).toEqual({
      ...first,
      origins: { etcd: "cache", vault: "cache" },
    });

    const asset = await shop.server("assets/etcd", "etcd", "3.6.9");
    shop.env.KUBEBUILDER_ASSETS = join(shop.root, "assets");
    const withAssets = await prepareToolchain(shop.options);
    expect([withAssets.binaries.etcd, withAssets.origins.etcd]).toEqual([asset, "path"]);

    const onPath = await shop.server("bin/etcd", "etcd", "v3.6.0");
    expect((await prepareToolchain(shop.options)).binaries.etcd).toBe(onPath);

    shop.env.SANDBOX_ETCD_BINARY = await shop.script("mine", "#!/bin/sh\n");
    const forced = await prepareToolchain(shop.options);
    expect(forced.binaries.etcd).toBe(join(shop.root, "mine"));
    expect(forced.origins).toEqual({ etcd: "environment", vault: "cache" });
  });

  test.each([
    ["an older release", "etcd 3.5.9", "it is 3.5.9, wanted 3.6"],
    ["a newer major", "etcd v4.6.0", "it is v4.6.0, wanted 3.6"],
    ["a minor that begins alike", "etcd 3.60.0", "it is 3.60.0, wanted 3.6"],
    ["another program", "hello", 'it does not answer "--version" as etcd does'],
  ])("%s on PATH is passed over, and said so", async (_what, answer, reason) => {
    const path = await shop.script("bin/etcd", `#!/bin/sh\necho "${answer}"\n`);
    const events: BuildProgress[] = [];
    const toolchain = await prepareToolchain({ ...shop.options, onProgress: (event) => events.push(event) });
    expect(toolchain.origins.etcd).toBe("built");
    expect(events).toContainEqual({ kind: "passed-over", server: "etcd", path, reason });
  });

  test("KUBEBUILDER_ASSETS says nothing about servers it does not ship", async () => {
    await shop.server("assets/vault", "vault", "3.6.5");
    shop.env.KUBEBUILDER_ASSETS = join(shop.root, "assets");
    expect((await prepareToolchain(shop.options)).origins.vault).toBe("built");
  });

  test("a program on PATH that is asked for its version gets no token of this shell", async () => {
    shop.env.VAULT_TOKEN = "canary";
    await shop.script("bin/etcd", `#!/bin/sh\nenv > "${shop.root}/seen"\necho etcd 3.6.5\n`);
    expect((await prepareToolchain(shop.options)).origins.etcd).toBe("path");
    expect(await readFile(join(shop.root, "seen"), "utf8")).not.toContain("canary");
  });

  test("every variable that names nothing usable is reported, and nothing is built", async () => {
    shop.env.SANDBOX_ETCD_BINARY = join(shop.root, "absent");
    shop.env.SANDBOX_VAULT_BINARY = await shop.file("not-executable", "x");
    shop.env.SANDBOX_ESO_CHART = shop.root;
    const error = await prepareToolchain(shop.options).catch((reason: Error) => reason);
    expect(String(error)).toContain("SANDBOX_ETCD_BINARY: expected an executable etcd binary, found none at");
    expect(String(error)).toContain("SANDBOX_VAULT_BINARY: expected an executable vault binary");
    expect(String(error)).toContain("SANDBOX_ESO_CHART: expected a folder with a Chart.yaml");
    expect(await shop.goCalls()).toEqual([]);
    expect(await shop.cached()).toEqual([]);
  });
});

describe("the cache", () => {
  test("a warm one needs no go at all", async () => {
    const cold = await prepareToolchain(shop.options);
    shop.env.PATH = "/nowhere";
    const calls = await shop.goCalls();
    const warm = await prepareToolchain(shop.options);
    expect(warm).toEqual({ ...cold, origins: { etcd: "cache", vault: "cache" } });
    expect(await shop.goCalls()).toEqual(calls);
  });

  test("another go.sum builds that server again, and only that one", async () => {
    await prepareToolchain(shop.options);
    await shop.file("modules/vault/go.sum", "example.test/vault v3.6.5 h1:other=\n");
    const again = await prepareToolchain(shop.options);
    expect(again.origins).toEqual({ etcd: "cache", vault: "built" });
  });

  test("two at once both succeed, and leave whole binaries and no work behind", async () => {
    const [one, two] = await Promise.all([prepareToolchain(shop.options), prepareToolchain(shop.options)]);
    expect(one.binaries).toEqual(two.binaries);
    expect((await run(one.binaries.vault)).stdout).toBe("built example.test/vault/cmd\n");
    expect((await shop.cached()).filter((path) => path.includes("work"))).toEqual([]);
  });
});

describe("the operator's chart and CRDs", () => {
  test("are copied writable, without the dependency that Helm would fetch", async () => {
    const { chart, crds } = await prepareToolchain(shop.options);
    const chartFile = await readFile(join(chart, "Chart.yaml"), "utf8");
    expect(chartFile).toBe("name: external-secrets\nversion: 1.0.0\n");
    expect((await stat(join(chart, "Chart.yaml"))).mode & 0o200).toBe(0o200);
    await expect(stat(join(chart, "Chart.lock"))).rejects.toThrow("ENOENT");
    expect(await readFile(join(chart, "templates/a.yaml"), "utf8")).toBe("kind: Deployment\n");
    expect(await readFile(crds, "utf8")).toBe("kind: CustomResourceDefinition\n");
  });

  test("come from their variables when both are set, without go", async () => {
    shop.env.SANDBOX_ESO_CHART = join(shop.root, "operator/deploy/charts/external-secrets");
    shop.env.SANDBOX_ESO_CRDS = join(shop.root, "operator/deploy/crds/bundle.yaml");
    shop.env.SANDBOX_ETCD_BINARY = shop.env.SANDBOX_VAULT_BINARY = await shop.script("any", "#!/bin/sh\n");
    shop.env.PATH = "/nowhere";
    const { chart, crds } = await prepareToolchain(shop.options);
    expect([chart, crds]).toEqual([shop.env.SANDBOX_ESO_CHART, shop.env.SANDBOX_ESO_CRDS]);
  });
});

describe("building", () => {
  test("with fixed settings, in the module's folder, one after the other, telling how many remain", async () => {
    shop.env.GOFLAGS = "-mod=vendor";
    const events: BuildProgress[] = [];
    await prepareToolchain({ ...shop.options, onProgress: (event) => events.push(event) });
    const builds = (await shop.goCalls()).filter((call) => call.startsWith("build"));
    expect(builds).toHaveLength(2);
    expect(builds[0]).toMatch(
      /^build -trimpath -ldflags -s -w -o \S+ example.test\/etcd\/cmd \| \S+\/modules\/etcd \| /,
    );
    expect(builds[0]).toMatch(/ \| 0 -mod=readonly off$/);
    const ends = events
      .filter((event) => event.kind !== "running")
      .map((event) => ({ ...event, elapsedMs: 0 }));
    expect(ends).toEqual([
      { kind: "started", server: "etcd", index: 1, total: 2, elapsedMs: 0 },
      { kind: "finished", server: "etcd", index: 1, total: 2, elapsedMs: 0 },
      { kind: "started", server: "vault", index: 2, total: 2, elapsedMs: 0 },
      { kind: "finished", server: "vault", index: 2, total: 2, elapsedMs: 0 },
    ]);
  });

  test.each([
    ["none", { PATH: "/nowhere" }, "no go on PATH"],
    ["an old one", { FAKE_GO_VERSION: "go1.25.9" }, "go1.25.9"],
    ["a very old one", { FAKE_GO_VERSION: "go1.9" }, "go1.9"],
  ])("with %s as Go says so before anything starts", async (_what, change, found) => {
    Object.assign(shop.env, change);
    const events: BuildProgress[] = [];
    const attempt = prepareToolchain({ ...shop.options, onProgress: (event) => events.push(event) });
    const error = String(await attempt.catch((reason: Error) => reason));
    expect(error).toContain("Go 1.26 or newer is needed, found: ");
    expect(error).toContain(found);
    expect(error).toContain("  etcd (or set SANDBOX_ETCD_BINARY)\n  vault (or set SANDBOX_VAULT_BINARY)");
    expect(error).toContain("(or set SANDBOX_ESO_CHART and SANDBOX_ESO_CRDS)");
    expect(events).toEqual([]);
    expect(await shop.cached()).toEqual([]);
    expect((await shop.goCalls()).filter((call) => !call.startsWith("version"))).toEqual([]);
  });

  test.each(["go1.26", "go1.27rc1", "devel go1.28-abcdef", "go2.0.1"])("accepts %s", async (version) => {
    shop.env.FAKE_GO_VERSION = version;
    expect((await prepareToolchain(shop.options)).origins.etcd).toBe("built");
  });

  test("a failure names the module, shows the last lines, and keeps what was built before", async () => {
    shop.env.FAKE_GO_FAIL = "example.test/vault/cmd";
    const error = String(await prepareToolchain(shop.options).catch((reason: Error) => reason));
    expect(error).toContain("Building vault failed: go build ended with 1");
    expect(error).toContain(join(shop.root, "modules/vault"));
    expect(error).toContain("  main.go:30: undefined: thing30");
    expect(error).toContain("  main.go:11: undefined: thing11");
    expect(error).not.toContain("main.go:10:");
    expect(error).toContain("set SANDBOX_VAULT_BINARY");
    shop.env.FAKE_GO_FAIL = "";
    expect((await prepareToolchain(shop.options)).origins).toEqual({ etcd: "cache", vault: "built" });
  });

  test("a binary in the cache that lost its execute bit is built again", async () => {
    const { binaries } = await prepareToolchain(shop.options);
    await chmod(binaries.etcd, 0o644);
    expect((await prepareToolchain(shop.options)).origins.etcd).toBe("built");
  });
});
