import { expect, it } from "vitest";
import { generatedReaders } from "../../../cli/drift/vault/generated.ts";

const type = "vault:kv/secretV2:SecretV2";
const declared = { type, name: "made", inputs: { mount: "kv", name: "made", options: { cas: 0 } } };

function differences(version: object) {
  const metadata = { current_version: 1, versions: { 1: version } };
  return generatedReaders[type]?.fields({ read: async () => metadata }, declared);
}

it.each([
  ["stays", { deletion_time: "", destroyed: false }],
  ["is to be deleted one day", { deletion_time: "2999-12-30T01:25:22.73224144Z", destroyed: false }],
])("a generated secret whose version %s is no drift", async (_, version) => {
  expect(await differences(version)).toEqual([]);
});

it.each([
  ["deleted", { deletion_time: "2020-12-30T01:25:22.73224144Z", destroyed: false }],
  ["destroyed", { deletion_time: "", destroyed: true }],
])("a generated secret whose version is %s is not there any more", async (_, version) => {
  expect(await differences(version)).toEqual([{ field: "version 1", declared: "there", found: "deleted" }]);
});
