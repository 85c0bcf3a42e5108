import {
  type PolicyConfigSchema,
  PolicyPack,
  type ResourceValidationPolicy,
  type StackValidationPolicy,
} from "@pulumi/policy";
import * as pulumi from "@pulumi/pulumi";
import { auditDevices, plainSecrets, resourceRules } from "./rules/all.ts";
import {
  defaultsOf,
  messageOf,
  type ResourceRule,
  type ResourceView,
  type StackRule,
  type StackView,
  subjectOf,
} from "./rules/resource.ts";
import { plainViewOf, viewOf } from "./views.ts";

const stack = stackView();

/** The stack that is judged; Pulumi gives the pack its name and configuration. */
function stackView(): StackView {
  const config = new pulumi.Config("vault-management");
  const tier = config.get("tier");
  const cluster = sectionOf<{ readonly cluster?: string }>(config, "vault")?.cluster;
  const generated = sectionOf<{ readonly production?: readonly string[] }>(config, "generated")?.production;
  return {
    name: pulumi.getStack(),
    ...(tier === undefined ? {} : { tier }),
    ...(cluster === undefined ? {} : { cluster }),
    ...(generated === undefined ? {} : { generated }),
  };
}

/** A section that cannot be read is the program's to report, in better words. */
function sectionOf<T>(config: pulumi.Config, name: string): T | undefined {
  try {
    return config.getObject<T>(name);
  } catch {
    return undefined;
  }
}

function resourcePolicy<Config extends object>(rule: ResourceRule<Config>): ResourceValidationPolicy {
  return {
    name: rule.name,
    description: rule.description,
    enforcementLevel: "mandatory",
    ...schemaOf(rule),
    validateResource(args, report) {
      const config = { ...defaultsOf(rule), ...args.getConfig<Partial<Config>>() };
      for (const message of messages(rule, viewOf(args), config)) report(message);
    },
  };
}

function schemaOf<Config extends object>({ options }: ResourceRule<Config>) {
  const entries = Object.entries<{ readonly default: unknown; readonly schema: object }>(options);
  if (entries.length === 0) return {};
  const properties = Object.fromEntries(
    entries.map(([name, option]) => [name, { ...option.schema, default: option.default }]),
  ) as PolicyConfigSchema["properties"];
  return { configSchema: { properties } };
}

function messages<Config extends object>(rule: ResourceRule<Config>, view: ResourceView, config: Config) {
  return rule.check(view, config, stack).map((violation) => messageOf(rule.name, subjectOf(view), violation));
}

/**
 * Only a remediation is told which inputs are marked secret, and it comes first: it finds the violations, mends
 * nothing, and the validation reports them.
 */
function plainSecretsPolicy(): ResourceValidationPolicy {
  const found = new Map<string, readonly string[]>();
  return {
    name: plainSecrets.name,
    description: plainSecrets.description,
    enforcementLevel: "remediate",
    remediateResource(args) {
      found.set(args.urn, messages(plainSecrets, plainViewOf(args), {}));
    },
    validateResource(args, report) {
      // At another level than `remediate` nothing was told: every input then counts as plain.
      for (const message of found.get(args.urn) ?? messages(plainSecrets, viewOf(args), {})) report(message);
      found.delete(args.urn);
    },
  };
}

function stackPolicy(rule: StackRule): StackValidationPolicy {
  return {
    name: rule.name,
    description: rule.description,
    enforcementLevel: "mandatory",
    validateStack({ resources }, report) {
      const views = resources.map(viewOf);
      for (const { urn, ...violation } of rule.check(views, stack)) {
        const resource = views.find((view) => view.urn === urn);
        const subject = resource === undefined ? `stack "${stack.name}"` : subjectOf(resource);
        report(messageOf(rule.name, subject, violation), urn);
      }
    },
  };
}

new PolicyPack("vault-management", {
  enforcementLevel: "mandatory",
  policies: [...resourceRules.map(resourcePolicy), plainSecretsPolicy(), stackPolicy(auditDevices)],
});
