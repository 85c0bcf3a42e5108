import { describe, expect, it } from "vitest";
import { parseSettings } from "../../../config/parse.ts";
import { type BadInput, changed, expectRefused, problemsIn } from "../config/declarations.ts";
import { withPki } from "../pki/declarations.ts";
import { withKeys } from "../rotation/declarations.ts";

const monitoring = (fields: unknown) => changed(["monitoring"], fields);

const node = "https://vault-0.voyager.internal:8200";

describe("what monitoring may not say", () => {
  expectRefused([
    [
      "an image without digest",
      monitoring({ exporter: { image: "node:24-alpine" } }),
      "monitoring.exporter.image",
      /node:24-alpine/,
      /digest/,
      /act as the exporter/,
    ],
    [
      "an interval that would be a burden",
      monitoring({ exporter: { interval: "1s" } }),
      "monitoring.exporter.interval",
      /"1s"/,
      /at least 5s/,
      /1h/,
    ],
    [
      "a label's key and value that are none",
      monitoring({ labels: { "a/b/c": "x" } }),
      'monitoring.labels."a/b/c"',
      /a\/b\/c/,
      /label's key/,
      /release/,
    ],
    [
      "a label's value that is none",
      monitoring({ labels: { release: "kube prometheus" } }),
      "monitoring.labels.release",
      /kube prometheus/,
      /label's value/,
      /kube-prometheus-stack/,
    ],
    [
      "an exporter that looks too seldom for a certificate",
      { ...withPki({}, { ttl: "10m" }), monitoring: { prometheusRules: true, exporter: {} } },
      "monitoring.exporter.interval",
      /"1m", and a certificate that lives 10m/,
      /50s at most/,
      /more often/,
    ],
    ...(["llm", "vault"] as const).map(
      (namespace): BadInput => [
        `the namespace ${namespace}, which is somebody's`,
        monitoring({ exporter: { namespace } }),
        "monitoring.exporter.namespace",
        namespace === "llm" ? /declared for workloads/ : /operator's/,
        /of its own/,
        /vault-monitoring/,
      ],
    ),
    [
      "the rotators' namespace",
      { ...withKeys({ "openai-llm": {} }), monitoring: { exporter: { namespace: "vault-rotation" } } },
      "monitoring.exporter.namespace",
      /rotators'/,
      /of its own/,
      /vault-monitoring/,
    ],
    [
      "a node's address with a path",
      monitoring({ vault: { nodes: { "vault-0": `${node}/v1` } } }),
      "monitoring.vault.nodes.vault-0",
      /v1/,
      /without a path/,
      /https address/,
    ],
    [
      "a node under two names",
      monitoring({ vault: { nodes: { "vault-0": node, "vault-1": `${node}/` } } }),
      "monitoring.vault.nodes.vault-1",
      /as at monitoring\.vault\.nodes\.vault-0/,
      /each node once/,
      /remove one/,
    ],
    ...["https://vault-0:9465", "vault-0", "vault-0:0", "vault-0:70000", ":9465"].map(
      (address): BadInput => [
        `the audit reader ${address}`,
        monitoring({ auditReaders: [address] }),
        "monitoring.auditReaders[0]",
        new RegExp(address),
        /<host>:<port>/,
        /9465/,
      ],
    ),
    [
      "an audit reader twice",
      monitoring({ auditReaders: ["vault-0:9465", "Vault-0:9465"] }),
      "monitoring.auditReaders[1]",
      /as at monitoring\.auditReaders\[0\]/,
      /each audit reader once/,
      /remove one/,
    ],
    [
      "a runbook by plain http",
      monitoring({ runbookUrl: "http://wiki.internal/runbook" }),
      "monitoring.runbookUrl",
      /http:/,
      /https/,
      /https address/,
    ],
  ]);

  it("says nothing of it where the life is twelve looks long, or nobody is told", () => {
    const looking = (monitoring: object) =>
      problemsIn({ ...withPki({}, { ttl: "12m" }), monitoring: { exporter: {}, ...monitoring } });
    expect(looking({ prometheusRules: true })).toEqual([]);
    expect(looking({ exporter: { interval: "1h" } })).toEqual([]);
  });

  it("is reported together", () => {
    const raw = monitoring({
      exporters: {},
      dashboard: "yes",
      exporter: { interval: "1s" },
      auditReaders: ["x"],
    });
    expect(
      problemsIn(raw)
        .map(({ path }) => path)
        .toSorted(),
    ).toEqual([
      "monitoring",
      "monitoring.auditReaders[0]",
      "monitoring.dashboard",
      "monitoring.exporter.interval",
    ]);
  });
});

describe("what monitoring says when nothing is said", () => {
  const settled = (raw: unknown) => parseSettings(raw, "Pulumi.test.yaml").monitoring;

  it("is nothing at all", () => {
    expect(settled(monitoring(undefined))).toEqual({
      prometheusRules: false,
      serviceMonitors: false,
      labels: {},
      dashboard: false,
      vault: { nodes: {} },
      auditReaders: [],
      runbookUrl: "docs/runbook.md",
    });
  });

  it("is an exporter as it should be, once one is asked for", () => {
    expect(settled(monitoring({ exporter: {} })).exporter).toEqual({
      image: expect.stringMatching(/^docker\.io\/library\/node:24-alpine@sha256:/),
      namespace: "vault-monitoring",
      interval: "1m",
    });
  });

  it("has nodes by name, whatever their order in the file", () => {
    const nodes = { "vault-1": "https://b.internal", "vault-0": "https://a.internal" };
    expect(Object.keys(settled(monitoring({ vault: { nodes } })).vault.nodes)).toEqual([
      "vault-0",
      "vault-1",
    ]);
  });

  it("takes an audit reader by name, IPv4 and IPv6", () => {
    const auditReaders = ["vault-0.voyager.internal:9465", "10.0.0.1:9465", "[2001:db8::1]:9465"];
    expect(settled(monitoring({ auditReaders })).auditReaders).toEqual(auditReaders);
  });
});
