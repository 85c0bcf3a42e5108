import { clusterKinds } from "../../../config/admission.ts";
import type { Settings } from "../../../config/schema.ts";
import { type Cel, type Rule, text, texts } from "./cel.ts";
import { DYNAMIC_SECRET, isGenerator } from "./external-secrets.ts";
import { policyManifest, type ResourceRule } from "./policy.ts";

const GENERATORS = "generators.external-secrets.io";

/**
 * In declared namespaces: no PushSecret and no generator but of the allowed kinds, and those that dynamic-secrets.ts
 * confines.
 */
export function kindsPolicy(settings: Settings) {
  const { allow } = settings.externalSecrets.admission;
  return policyManifest(settings, {
    subject: "namespaced-kinds",
    resources: [rule("external-secrets.io", ["pushsecrets"]), rule(GENERATORS, ["*"])],
    namespaces: settings.namespaces.map(({ name }) => name),
    variables: [],
    structure: allow.some(isGenerator) ? [generatorStateRule(settings)] : [],
    declared: [
      kindRule(allow.some(isGenerator) ? [...allow, "GeneratorState"] : allow, "in this stack's namespaces", [
        DYNAMIC_SECRET,
      ]),
    ],
  });
}

/**
 * In the whole cluster, by the stack that manages ESO: no cluster-wide kind but of the allowed ones. Such a kind reaches
 * into every namespace, and has no namespace by which another stack's could be told apart.
 */
export function clusterKindsPolicy(settings: Settings) {
  const plurals = clusterKinds.map((kind) => `${kind.toLowerCase()}s`);
  return policyManifest(settings, {
    subject: "cluster-kinds",
    resources: [
      rule(
        "external-secrets.io",
        plurals.filter((plural) => plural !== "clustergenerators"),
      ),
      rule(GENERATORS, ["clustergenerators"]),
    ],
    variables: [],
    structure: [],
    declared: [
      kindRule(settings.externalSecrets.admission.allow, "in a cluster whose ESO this stack manages"),
    ],
  });
}

/** Every version: the kind alone decides. */
function rule(apiGroup: string, resources: string[]): ResourceRule {
  return { apiGroups: [apiGroup], apiVersions: ["*"], resources };
}

/** @param elsewhere kinds that another policy judges */
function kindRule(allow: readonly string[], where: string, elsewhere: readonly string[] = []): Rule {
  const allowed = allow.length === 0 ? "none of these kinds" : allow.join(", ");
  return {
    field: "kind",
    holds: `request.kind.kind in ${texts([...allow, ...elsewhere])}`,
    found: "request.kind.kind",
    allowed: text(`${allowed} ${where}`),
    fix: "remove the object, or declare its kind: externalSecrets.admission.allow",
  };
}

/** A GeneratorState holds what ESO runs when it cleans up: whoever could write one could run any generator. */
function generatorStateRule({ externalSecrets: { namespace, serviceAccount } }: Settings): Rule {
  const eso: Cel = text(`system:serviceaccount:${namespace}:${serviceAccount}`);
  return {
    field: "kind",
    holds: `request.kind.kind != "GeneratorState" || request.userInfo.username == ${eso}`,
    found: '"GeneratorState by " + request.userInfo.username',
    allowed: `"GeneratorState by " + ${eso}`,
    fix: "leave it to ESO",
  };
}
