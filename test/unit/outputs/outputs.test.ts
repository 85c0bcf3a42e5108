import * as pulumi from "@pulumi/pulumi";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseOutputs, readOutputs } from "../../../outputs/read.ts";
import type { StackOutputs } from "../../../outputs/schema.ts";
import { outputsOf } from "../../../outputs/write.ts";
import { anySettings, settingsOf, settingsWith } from "../arbitrary-settings.ts";
import { problemsOfCall } from "../config/declarations.ts";
import { recordResources, resolved } from "../pulumi-mocks.ts";

const outputs = outputsOf(settingsOf("dev"));

describe("what a stack exports", () => {
  it("is the reference declaration's names and places", () => {
    expect(outputs).toEqual({
      schemaVersion: 1,
      environment: "dev",
      vault: { address: "https://vault.voyager.internal", mounts: ["kv"], authMount: "kubernetes" },
      namespaces: {
        llm: {
          store: { name: "vault-store", kind: "SecretStore" },
          role: "voyager-platform-llm",
          policies: ["voyager-platform.session", "voyager-platform.llm.llm-gateway"],
          secrets: { "openai-api-key": { target: "openai-api-key", keys: ["api_key"], otherKeys: "none" } },
        },
        user: {
          store: { name: "vault-store", kind: "SecretStore" },
          role: "voyager-platform-user",
          policies: ["voyager-platform.session"],
          secrets: {},
        },
      },
    });
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
    expect(namespaces.llm?.secrets.one).toEqual({ target: "one", keys, otherKeys });
  });
});

describe("parseOutputs", () => {
  it("leaves out what a later version of the same schema added", () => {
    expect(parseOutputs({ ...outputs, extra: 1 }, "dev")).toEqual(outputs);
  });

  it.each([
    ["no output", undefined, "vaultManagement", /no such output/, /pulumi up there first/],
    ["a newer schema", { ...outputs, schemaVersion: 2 }, "vaultManagement.schemaVersion", /2/, /upgrade/],
    [
      "an older schema",
      { ...outputs, schemaVersion: 0 },
      "vaultManagement.schemaVersion",
      /0/,
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
