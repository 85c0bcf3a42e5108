import * as pulumi from "@pulumi/pulumi";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseOutputs, readOutputs } from "../../../outputs/read.ts";
import type { StackOutputs } from "../../../outputs/schema.ts";
import { outputsOf } from "../../../outputs/write.ts";
import { anySettings, settingsOf, settingsWith } from "../arbitrary-settings.ts";
import { problemsOfCall } from "../config/declarations.ts";
import { recordResources, resolved } from "../pulumi-mocks.ts";
import { rotating } from "../rotation/declarations.ts";

const outputs = outputsOf(settingsOf("dev"));

describe("what a stack exports", () => {
  it("is the reference declaration's names and places", () => {
    expect(outputs).toEqual({
      schemaVersion: 2,
      environment: "dev",
      vault: { address: "https://vault.voyager.internal", mounts: ["kv"], authMount: "kubernetes" },
      namespaces: {
        llm: {
          stores: {
            "vault-store": {
              kind: "SecretStore",
              role: "voyager-platform-llm",
              policies: ["voyager-platform.session", "voyager-platform.llm.llm-gateway"],
            },
          },
          secrets: {
            "openai-api-key": {
              store: "vault-store",
              target: "openai-api-key",
              type: "Opaque",
              keys: ["api_key"],
              otherKeys: "none",
            },
          },
        },
        user: {
          stores: {
            "vault-store": {
              kind: "SecretStore",
              role: "voyager-platform-user",
              policies: ["voyager-platform.session"],
            },
          },
          secrets: {},
        },
      },
      rotations: {},
    });
  });

  it("names what rotates a key", () => {
    expect(outputsOf(rotating()).rotations).toEqual({
      "openai-llm": {
        namespace: "vault-rotation",
        rotate: "rotate-openai-llm",
        finish: "finish-openai-llm",
      },
    });
  });

  it("is read from a stack that was deployed before keys rotated", () => {
    const { rotations: _, ...earlier } = outputs;
    expect(parseOutputs(earlier, "dev").rotations).toEqual({});
  });

  it("comes back as it was written, for any declaration", () => {
    fc.assert(
      fc.property(anySettings, (settings) => {
        const written = outputsOf(settings);
        expect(parseOutputs(JSON.parse(JSON.stringify(written)), "dev")).toEqual(written);
      }),
    );
  });

  const data = { a: "x#a" };
  it.each([
    ["data", { data }, ["a"], "none"],
    ["dataFrom", { dataFrom: [{ extract: { key: "x" } }] }, [], "unknown"],
    ["both", { data, dataFrom: [{ extract: { key: "x" } }] }, ["a"], "unknown"],
    ["a template, whose keys replace the data's", { data, template: { data: { b: "" } } }, ["b"], "none"],
    ["a merged template", { data, template: { data: { b: "" }, mergePolicy: "Merge" } }, ["a", "b"], "none"],
    ["a template of metadata alone", { data, template: { metadata: { labels: { x: "y" } } } }, ["a"], "none"],
    ["a Secret that somebody else made", { data, creationPolicy: "Merge" }, ["a"], "unknown"],
    [
      "a template over dataFrom",
      { dataFrom: [{ extract: { key: "x" } }], template: { data: { b: "" } } },
      ["b"],
      "none",
    ],
  ])("names the keys of %s", (_what, secret, keys, otherKeys) => {
    const path = ["namespaces", "llm", "services", "llm-gateway", "secrets", "one"];
    const { namespaces } = outputsOf(settingsWith(path, secret));
    const type = "creationPolicy" in secret ? {} : { type: "Opaque" };
    expect(namespaces.llm?.secrets.one).toEqual({
      store: "vault-store",
      target: "one",
      ...type,
      keys,
      otherKeys,
    });
  });
});

it("names the store of each service where services are isolated", () => {
  const services = {
    gateway: { secrets: { one: { data: { a: "x#a" } } } },
    worker: { secrets: { two: { data: { a: "x#a" } } } },
  };
  const { namespaces } = outputsOf(settingsWith(["namespaces"], { llm: { isolation: "service", services } }));
  expect(namespaces.llm).toMatchObject({
    stores: {
      "vault-store-gateway": { role: "voyager-platform-llm.gateway" },
      "vault-store-worker": { role: "voyager-platform-llm.worker" },
    },
    secrets: { one: { store: "vault-store-gateway" }, two: { store: "vault-store-worker" } },
  });
});

describe("parseOutputs", () => {
  it("leaves out what a later version of the same schema added", () => {
    expect(parseOutputs({ ...outputs, extra: 1 }, "dev")).toEqual(outputs);
  });

  it.each([
    ["no output", undefined, "vaultManagement", /no such output/, /pulumi up there first/],
    ["a newer schema", { ...outputs, schemaVersion: 3 }, "vaultManagement.schemaVersion", /3/, /upgrade/],
    [
      "an older schema",
      { ...outputs, schemaVersion: 1 },
      "vaultManagement.schemaVersion",
      /1/,
      /pulumi up in that stack/,
    ],
    ["another shape", { ...outputs, environment: 7 }, "vaultManagement.environment", /7/, /write a text/],
    ["no object", "text", "vaultManagement.(the whole declaration)", /"text"/, /write a map/],
  ])("explains %s", (_what, value, path, found, fix) => {
    expect(problemsOfCall(() => parseOutputs(value, "org/vault-management/dev"))).toEqual([
      expect.objectContaining({
        path,
        found: expect.stringMatching(found),
        fix: expect.stringMatching(fix),
      }),
    ]);
  });
});

it("readOutputs gives a stack's outputs to another program", async () => {
  let read: StackOutputs | undefined;
  await recordResources(
    async () => {
      read = await resolved(readOutputs(new pulumi.StackReference("org/vault-management/dev")));
    },
    {
      outputs: () => ({
        name: "org/vault-management/dev",
        outputs: { vaultManagement: outputs },
        secretOutputNames: [],
      }),
    },
  );
  expect(read).toEqual(outputs);
});
