import { Secret } from "@pulumi/policy";
import * as internal from "@pulumi/policy/proxy.js";
import { secretsPreservingProxy } from "@pulumi/policy/secret.js";
import { expect, it } from "vitest";
import { UNKNOWN } from "../../../policy/rules/resource.ts";
import { plainViewOf, viewOf } from "../../../policy/views.ts";

/** What the SDK wraps arguments in; its own types leave it out. */
const { unknownCheckingProxy, unknownStringValue } = internal as unknown as {
  unknownCheckingProxy<T extends object>(value: T): T;
  readonly unknownStringValue: string;
};

/** Arguments as Pulumi's SDK hands them to a policy: behind its proxies. */
function registered(props: Record<string, unknown>) {
  const opts = {
    protect: true,
    ignoreChanges: [],
    aliases: [],
    customTimeouts: noTimeouts,
    additionalSecretOutputs: [],
  };
  return { urn: "urn:x", type: "a:b:C", name: "x", opts, props };
}
const noTimeouts = { createSeconds: 0, updateSeconds: 0, deleteSeconds: 0 };

it("shows what a preview knows, and marks what it does not, at any depth", () => {
  const props = {
    a: unknownStringValue,
    list: ["x", unknownStringValue, { b: unknownStringValue }],
    n: 1,
    none: null,
  };
  expect(viewOf(registered(unknownCheckingProxy(props)))).toEqual({
    urn: "urn:x",
    type: "a:b:C",
    name: "x",
    protect: true,
    props: { a: UNKNOWN, list: ["x", UNKNOWN, { b: UNKNOWN }], n: 1, none: null },
  });
});

it("leaves out what is marked secret where only plain inputs count, at any depth", () => {
  const props = {
    open: "a",
    secret: new Secret("b"),
    map: { deep: new Secret({ c: "d" }) },
    list: ["e", new Secret("f")],
  };
  const proxied = unknownCheckingProxy(secretsPreservingProxy(props));
  expect(plainViewOf(registered(proxied)).props).toEqual({
    open: "a",
    secret: UNKNOWN,
    map: { deep: UNKNOWN },
    list: ["e", UNKNOWN],
  });
  expect(viewOf(registered(proxied)).props).toMatchObject({ secret: "b", map: { deep: { c: "d" } } });
});

it("hands an asset on as it is", () => {
  class Asset {
    readonly path = "x";
  }
  const asset = new Asset();
  expect(plainViewOf(registered(unknownCheckingProxy({ asset }))).props.asset).toBe(asset);
});
