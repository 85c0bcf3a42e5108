import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { releaseFindings } from "../../../cli/drift/kubernetes/release.ts";
import type { KubernetesReader, ObjectRef } from "../../../clients/kubernetes.ts";

const deployment = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "external-secrets" },
  spec: { replicas: 1, template: { spec: { containers: [{ name: "eso", args: ["--a"] }] } } },
};
const values = { replicaCount: 1, webhook: { create: false } };
const declared = {
  type: "kubernetes:helm.sh/v3:Release",
  name: "external-secrets",
  inputs: {
    name: "external-secrets",
    namespace: "vault",
    chart: "external-secrets",
    version: "0.20.4",
    values,
  },
};

/** A cluster with one revision for each of these, in Helm's own Secrets, and the Deployment as given. */
function cluster(revisions: readonly object[], live: object | undefined = deployment): KubernetesReader {
  const secrets = revisions.map((revision, index) => {
    const release = {
      info: { status: "deployed" },
      chart: { metadata: { name: "external-secrets", version: "0.20.4" } },
      config: values,
      manifest: `---\n${stringify(deployment)}---\n# nothing\n`,
      ...revision,
    };
    const text = gzipSync(JSON.stringify(release)).toString("base64");
    return {
      metadata: { labels: { version: String(index + 1) } },
      data: { release: Buffer.from(text).toString("base64") },
    };
  });
  return {
    list: async () => secrets.toReversed(),
    read: async ({ namespace }: ObjectRef) => (namespace === "vault" ? live : undefined),
  } as unknown as KubernetesReader;
}

describe("a Helm release", () => {
  it("is as declared where its newest revision and its objects are", async () => {
    const earlier = { chart: { metadata: { name: "external-secrets", version: "0.19.0" } } };
    expect(await releaseFindings(cluster([earlier, {}]), declared)).toEqual([]);
  });

  it("is missing where Helm knows none", async () => {
    expect(await releaseFindings(cluster([]), declared)).toMatchObject([
      { what: "Helm release vault/external-secrets", drift: "missing" },
    ]);
  });

  it("has drifted in its state, version and values, those that somebody has added among them", async () => {
    const upgraded = {
      info: { status: "failed" },
      chart: { metadata: { name: "external-secrets", version: "0.21.0" } },
      config: { replicaCount: 2, webhook: { create: false }, extraArgs: { "allow-all": "true" } },
    };
    expect(await releaseFindings(cluster([{}, upgraded]), declared)).toMatchObject([
      {
        drift: "changed",
        fields: [
          { field: "status", declared: "deployed", found: "failed" },
          { field: "version", declared: "0.20.4", found: "0.21.0" },
          { field: "values.replicaCount", declared: "1", found: "2" },
          { field: "values.extraArgs", found: '{"allow-all":"true"}' },
        ],
      },
    ]);
  });

  it("has drifted in an object that it made", async () => {
    const live = { ...deployment, spec: { ...deployment.spec, replicas: 0 } };
    expect(await releaseFindings(cluster([{}], live), declared)).toMatchObject([
      {
        what: "Deployment vault/external-secrets",
        drift: "changed",
        fields: [{ field: "spec.replicas", declared: "1", found: "0" }],
      },
    ]);
  });
});
