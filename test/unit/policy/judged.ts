import {
  defaultsOf,
  type ResourceRule,
  type ResourceView,
  type StackView,
} from "../../../policy/rules/resource.ts";

export const devStack: StackView = { name: "dev" };

/** A resource of the program's own kind: at the root, unless its URN says otherwise. */
export function resource(
  type: string,
  props: Readonly<Record<string, unknown>> = {},
  more: Partial<ResourceView> = {},
): ResourceView {
  return { urn: `urn:pulumi:dev::test::${type}::one`, type, name: "one", props, protect: false, ...more };
}

/** What the rule finds, in short; nothing when it lets the resource pass. */
export function found<Config extends object>(
  rule: ResourceRule<Config>,
  view: ResourceView,
  config: Partial<Config> = {},
  stack: StackView = devStack,
): readonly string[] {
  return rule.check(view, { ...defaultsOf(rule), ...config }, stack).map((violation) => violation.found);
}
