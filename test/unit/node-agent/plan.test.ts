import { describe, expect, test } from "vitest";
import type { Container, Pod } from "../../../sandbox/node-agent/api/types.ts";
import { ConfigError, containerEnv, fieldValue } from "../../../sandbox/node-agent/plan/env.ts";
import { expand } from "../../../sandbox/node-agent/plan/expand.ts";
import {
  commandLine,
  findImage,
  imageRepository,
  unmappedMessage,
} from "../../../sandbox/node-agent/plan/image.ts";
import { pathRewriter } from "../../../sandbox/node-agent/plan/mount-paths.ts";
import { type PlanInputs, planProcess } from "../../../sandbox/node-agent/plan/process-plan.ts";

const same = (text: string) => text;

describe("images", () => {
  test.each([
    ["node", "docker.io/library/node"],
    ["node:24-slim", "docker.io/library/node"],
    ["docker.io/library/node@sha256:0123", "docker.io/library/node"],
    ["index.docker.io/node:24", "docker.io/library/node"],
    ["my.tool:1", "docker.io/library/my.tool"],
    ["team/tool", "docker.io/team/tool"],
    ["localhost:5000/tool:1", "localhost:5000/tool"],
    ["localhost/tool", "localhost/tool"],
    [
      "ghcr.io/external-secrets/external-secrets:v0.20.4@sha256:ff",
      "ghcr.io/external-secrets/external-secrets",
    ],
  ])("the repository of %s is %s", (image, repository) => {
    expect(imageRepository(image)).toBe(repository);
  });

  test("an image is found by its repository, however the map writes it; one that is not is named with what is", () => {
    const images = { node: { command: ["/bin/node"] as const } };
    expect(findImage(images, "docker.io/library/node:24")?.command).toEqual(["/bin/node"]);
    expect(findImage(images, "nodejs")).toBeUndefined();
    expect(unmappedMessage(images, "x/y:1")).toBe(
      'no local binary stands for image "x/y:1" (repository docker.io/x/y); mapped: node',
    );
  });

  test.each<[readonly string[], readonly string[], readonly string[]]>([
    [[], ["a"], ["/opt/tool", "run", "a"]],
    [["/bin/tool", "b"], ["a"], ["/opt/tool", "b", "a"]],
    [["tool"], [], ["/opt/tool"]],
    [["sh", "-c", "echo"], [], ["sh", "-c", "echo"]],
  ])("command %j with args %j runs %j", (command, args, argv) => {
    expect(commandLine({ command: ["/opt/tool", "run"] }, command, args, same)).toEqual(argv);
  });
});

test.each([
  ["$(A)-$(B)", "1-$(B)"],
  ["$$(A)", "$(A)"],
  ["$$$(A) $A", "$1 $A"],
])("%s expands to %s", (text, expanded) => {
  expect(expand(text, (name) => ({ A: "1" })[name])).toBe(expanded);
});

describe("mount paths", () => {
  const rewrite = pathRewriter([
    { mountPath: "/etc/app", realPath: "/real/app" },
    { mountPath: "/etc/app/tls/", realPath: "/real/tls" },
    { mountPath: "/home", realPath: "/home/me/volumes/home" },
  ]);

  test.each([
    ["/etc/app", "/real/app"],
    ["--config=/etc/app/a.yaml", "--config=/real/app/a.yaml"],
    ["/etc/app/tls/ca.crt", "/real/tls/ca.crt"],
    ["/etc/app:/etc/app/tls", "/real/app:/real/tls"],
    ["file:///etc/app/x", "file:///real/app/x"],
    ["require('/etc/app/x')", "require('/real/app/x')"],
    ["/home/x", "/home/me/volumes/home/x"],
  ])("%s becomes %s", (text, real) => {
    expect(rewrite(text)).toBe(real);
  });

  test.each([
    "/etc/application",
    "/srv/etc/app",
    "$(BASE)/etc/app",
    "/etc/app-2",
    "https://host/etc/app",
    "./home",
  ])("%s stays", (text) => {
    expect(rewrite(text)).toBe(text);
  });
});

describe("environment", () => {
  const pod: Pod = {
    metadata: { name: "p", namespace: "n", uid: "u", labels: { "a/b": "l" }, annotations: { x: "y" } },
    spec: { containers: [], serviceAccountName: "sa", nodeName: "node" },
  };
  const references = {
    configMap: (name: string) => (name === "map" ? { data: { KEY: "/data/map" } } : undefined),
    secret: (name: string) =>
      name === "sec" ? { data: { KEY: Buffer.from("/data/sec").toString("base64") } } : undefined,
  };
  const env = (container: Partial<Container>, rewrite = same) =>
    containerEnv(pod, { name: "c", ...container }, references, (_, value) => rewrite(value));

  test("envFrom comes first, then env in order, with values from fields and references", () => {
    const envFrom = [{ prefix: "M_", configMapRef: { name: "map" } }, { secretRef: { name: "sec" } }];
    expect(
      env({
        envFrom,
        env: [
          { name: "A", value: "$(KEY)!" },
          { name: "B", value: "$(A)$(LATER)" },
          { name: "LATER", value: "x" },
          { name: "NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
          { name: "SECRET", valueFrom: { secretKeyRef: { name: "sec", key: "KEY" } } },
          { name: "NONE", valueFrom: { secretKeyRef: { name: "sec", key: "no", optional: true } } },
        ],
      }),
    ).toEqual({
      M_KEY: "/data/map",
      KEY: "/data/sec",
      A: "/data/sec!",
      B: "/data/sec!$(LATER)",
      LATER: "x",
      NAME: "p",
      SECRET: "/data/sec",
    });
  });

  test("paths are rewritten in what the spec and ConfigMaps say, never in a Secret's value", () => {
    const rewrite = pathRewriter([{ mountPath: "/data", realPath: "/real" }]);
    const envFrom = [{ prefix: "S_", secretRef: { name: "sec" } }, { configMapRef: { name: "map" } }];
    const secretKey = { name: "SECRET", valueFrom: { secretKeyRef: { name: "sec", key: "KEY" } } };
    expect(env({ envFrom, env: [{ name: "A", value: "/data" }, secretKey] }, rewrite)).toEqual({
      S_KEY: "/data/sec",
      SECRET: "/data/sec",
      KEY: "/real/map",
      A: "/real",
    });
  });

  test.each<[Partial<Container>, string]>([
    [{ envFrom: [{ configMapRef: { name: "no" } }] }, 'configmap "no" not found'],
    [
      { env: [{ name: "A", valueFrom: { secretKeyRef: { name: "no", key: "k" } } }] },
      'secret "no" not found',
    ],
    [
      { env: [{ name: "A", valueFrom: { configMapKeyRef: { name: "map", key: "k" } } }] },
      `couldn't find key k in configmap "map"`,
    ],
    [
      { env: [{ name: "A", valueFrom: { resourceFieldRef: { resource: "limits.cpu" } } }] },
      'env "A": only value',
    ],
  ])("%j cannot be resolved: %s", (container, message) => {
    expect(() => env(container)).toThrow(ConfigError);
    expect(() => env(container)).toThrow(message);
  });

  test("downward fields: one label, all labels, addresses; an unknown one is refused with the list", () => {
    expect(fieldValue(pod, "metadata.labels['a/b']")).toBe("l");
    expect(fieldValue(pod, "metadata.annotations")).toBe('x="y"');
    expect(fieldValue(pod, "status.podIP")).toBe("127.0.0.1");
    expect(() => fieldValue(pod, "status.phase")).toThrow('fieldPath "status.phase" is not supported');
  });
});

describe("a process", () => {
  const pod: Pod = { metadata: { name: "p", namespace: "n", uid: "u" }, spec: { containers: [] } };
  const inputs: PlanInputs = {
    image: { command: ["/opt/operator"], listen: { "--metrics-addr": ":8080", "--live-addr": ":8082" } },
    references: { configMap: () => undefined, secret: () => undefined },
    mounts: [
      { mountPath: "/work", realPath: "/state/work" },
      { mountPath: "/tmp", realPath: "/state/scratch" },
    ],
    ports: new Map([
      [8080, 21_000],
      [8082, 8082],
    ]),
    podDir: "/state/pod",
    path: "/usr/bin",
  };

  test("gets its rewritten arguments and an environment of its own, without the in-cluster part", () => {
    const container = {
      name: "c",
      args: ["--dir=$(DIR)", "--metrics-addr=:8080"],
      env: [{ name: "DIR", value: "/work/x" }],
      livenessProbe: { exec: { command: ["cat", "/work/alive"] } },
    };
    expect(planProcess(pod, container, inputs)).toEqual({
      argv: [
        "/opt/operator",
        "--dir=/state/work/x",
        "--metrics-addr=127.0.0.1:21000",
        "--live-addr=127.0.0.1:8082",
      ],
      env: { PATH: "/usr/bin", HOME: "/state/pod/home", TMPDIR: "/state/scratch", DIR: "/state/work/x" },
      cwd: "/state/pod",
      probeCommands: { liveness: ["cat", "/state/work/alive"] },
    });
  });

  test("is told of the API server only through the kubeconfig of its own service account", () => {
    const kubeconfig = { file: "/state/pod/kubeconfig-c", server: "https://127.0.0.1:6443" };
    const { env } = planProcess(pod, { name: "c", workingDir: "/work/sub" }, { ...inputs, kubeconfig });
    expect(env).toMatchObject({
      KUBECONFIG: "/state/pod/kubeconfig-c",
      KUBERNETES_SERVICE_HOST: "127.0.0.1",
      KUBERNETES_SERVICE_PORT: "6443",
    });
    expect(planProcess(pod, { name: "c", workingDir: "/work/sub" }, inputs).cwd).toBe("/state/work/sub");
    expect(planProcess(pod, { name: "c", workingDir: "/app" }, inputs).cwd).toBe("/state/pod");
  });
});
