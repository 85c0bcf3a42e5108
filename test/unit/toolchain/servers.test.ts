import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { pinnedVersion, servers } from "../../../sandbox/toolchain/servers.ts";

const modules = join(import.meta.dirname, "../../../sandbox/toolchain");

describe("the servers", () => {
  test.each(servers)("$name is pinned by its module, which names its package as a tool", async (server) => {
    const goMod = await readFile(join(modules, server.module, "go.mod"), "utf8");
    expect(pinnedVersion(goMod, server.goModule).text).toMatch(/^v\d+\.\d+\.\d+$/);
    expect(goMod).toMatch(new RegExp(`^(tool )?\\s*${server.package.replaceAll(".", "\\.")}$`, "m"));
    expect(Number(/^go 1\.(\d+)/m.exec(goMod)?.[1])).toBeLessThanOrEqual(26);
  });

  test("have variables and names of their own", () => {
    expect(new Set(servers.map((server) => server.name)).size).toBe(servers.length);
    expect(new Set(servers.map((server) => server.environmentVariable)).size).toBe(servers.length);
  });

  test.each([
    ["etcd", "etcd Version: 3.6.5\nGit SHA: x\n", "3.6.5"],
    ["kube-apiserver", "Kubernetes v1.36.2\n", "v1.36.2"],
    ["vault", "Vault v1.21.1 ('abc'), built 2025-11-18T13:04:32Z\n", "v1.21.1"],
    ["helm", "v3.19.0+g3d8990f\n", "v3.19.0+g3d8990f"],
  ])("%s's answer to the version question is understood", (name, answer, version) => {
    expect(servers.find((server) => server.name === name)?.version?.answer.exec(answer)?.[1]).toBe(version);
  });

  test("Kubernetes gets the pinned version linked in", () => {
    const source = servers.find((server) => server.name === "kube-apiserver");
    const version = pinnedVersion("require k8s.io/kubernetes v1.36.2", "k8s.io/kubernetes");
    expect(source?.linkerVariables?.(version)).toEqual({
      "k8s.io/component-base/version.gitVersion": "v1.36.2",
      "k8s.io/component-base/version.gitMajor": "1",
      "k8s.io/component-base/version.gitMinor": "36",
    });
  });

  test("a module that is not required, or only replaced, has no pinned version", () => {
    expect(() => pinnedVersion("replace a.test/b => a.test/c v1.2.3\n", "a.test/b")).toThrow(
      'expected a line "a.test/b vX.Y.Z"',
    );
  });
});
