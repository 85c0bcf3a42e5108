import type { PolicyResource, ResourceValidationArgs } from "@pulumi/policy";
import { Secret } from "@pulumi/policy";
import { type Properties, type ResourceView, UNKNOWN } from "./rules/resource.ts";

type Registered = Pick<ResourceValidationArgs | PolicyResource, "urn" | "type" | "name" | "props" | "opts">;

/** A resource with the values of its inputs, those that are marked secret included. */
export function viewOf(resource: Registered): ResourceView {
  return { ...identity(resource), props: properties(resource.props, knownValue) };
}

/**
 * A resource with its plain inputs only: UNKNOWN stands for each that is marked secret. For the arguments of a
 * remediation: in no others does Pulumi's SDK tell which are.
 */
export function plainViewOf(resource: Registered): ResourceView {
  return { ...identity(resource), props: properties(resource.props, plainValue) };
}

function identity({ urn, type, name, opts }: Registered) {
  return { urn, type, name, protect: opts.protect };
}

type Read = (container: object, key: string) => unknown;

function properties(value: object, read: Read): Properties {
  return Object.fromEntries(Object.keys(value).map((key) => [key, copy(read(value, key), read)]));
}

function copy(value: unknown, read: Read): unknown {
  if (Array.isArray(value)) {
    return Array.from({ length: value.length }, (_, index) => copy(read(value, String(index)), read));
  }
  if (typeof value !== "object" || value === null) return value;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype ? properties(value, read) : value;
}

/** The SDK's proxies throw on a value that a preview does not know. */
function knownValue(container: object, key: string): unknown {
  try {
    return Reflect.get(container, key);
  } catch {
    return UNKNOWN;
  }
}

/** What lies behind the SDK's proxies, which hand out what a {@link Secret} holds. */
function plainValue(container: object, key: string): unknown {
  const value: unknown = Object.getOwnPropertyDescriptor(container, key)?.value;
  return value instanceof Secret ? UNKNOWN : value;
}
