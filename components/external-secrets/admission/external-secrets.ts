import { generatorKinds } from "../../../config/admission.ts";
import type { Settings } from "../../../config/schema.ts";
import { generatorsOf } from "../dynamic-secret.ts";
import { type Cel, type Rule, table, text, texts, unknownFields } from "./cel.ts";
import { policyManifest } from "./policy.ts";

/** The one generator that the program itself declares. */
export const DYNAMIC_SECRET = "VaultDynamicSecret";

const TOKEN_TYPE = "kubernetes.io/service-account-token";

/** In ESO until the releases that dropped them, both read any Secret of the cluster with ESO's rights. */
const READING_FUNCTIONS = ["getSecretKey", "getSecretsAsMap"] as const;

/**
 * What an ExternalSecret of a declared namespace may do: read through the namespace's own store or a generator that the
 * stack declares for it, and write a Secret that
 * is no credential of the cluster, of a template that can be seen here.
 */
export function externalSecretsPolicy(settings: Settings) {
  const names = table(
    "names",
    settings.namespaces.map(({ name, stores }) => [name, texts(stores.map((store) => store.name))]),
  );
  const dynamic = table(
    "dynamic",
    settings.namespaces.map((namespace) => [
      namespace.name,
      texts(generatorsOf(namespace).map(({ generator }) => generator.name)),
    ]),
  );
  return policyManifest(settings, {
    subject: "external-secrets",
    resources: [{ apiGroups: ["external-secrets.io"], apiVersions: ["v1"], resources: ["externalsecrets"] }],
    namespaces: settings.namespaces.map(({ name }) => name),
    variables: [
      { name: "spec", expression: "dyn(object).?spec.orValue({})" },
      { name: "target", expression: "variables.spec.?target.orValue({})" },
      { name: "template", expression: "variables.target.?template.orValue({})" },
      { name: "templateFrom", expression: "variables.template.?templateFrom.orValue([])" },
      { name: "dataFrom", expression: "variables.spec.?dataFrom.orValue([])" },
      { name: "templates", expression: templates() },
      {
        name: "sources",
        expression:
          "variables.spec.?data.orValue([]).filter(one, has(one.sourceRef)).map(one, one.sourceRef) + " +
          "variables.dataFrom.filter(one, has(one.sourceRef)).map(one, one.sourceRef)",
      },
      {
        name: "stores",
        expression:
          "(has(variables.spec.secretStoreRef) ? [variables.spec.secretStoreRef] : []) + " +
          "variables.sources.filter(one, has(one.storeRef)).map(one, one.storeRef)",
      },
      {
        name: "generators",
        expression: "variables.sources.filter(one, has(one.generatorRef)).map(one, one.generatorRef)",
      },
      ...names.variables,
      ...dynamic.variables,
      { name: "known", expression: names.lookup("request.namespace", "[]") },
      { name: "dynamic", expression: dynamic.lookup("request.namespace", "[]") },
    ],
    structure: structureRules(),
    declared: declaredRules(settings.externalSecrets.admission.allow),
  });
}

/** Every text that ESO renders as a template, but for `rewrite`, as a list of [field that it stands in, text]. */
function templates(): Cel {
  const map = (field: string, from: Cel) =>
    `${from}.orValue({}).map(key, [${text(`${field}.`)} + key, string(${from}.orValue({})[key])])`;
  return [
    map("spec.target.template.data", "variables.template.?data"),
    map("spec.target.template.metadata.labels", "variables.template.?metadata.?labels"),
    map("spec.target.template.metadata.annotations", "variables.template.?metadata.?annotations"),
    'variables.templateFrom.filter(from, has(from.literal)).map(from, ["spec.target.template.templateFrom[].literal", string(from.literal)])',
  ].join(" + ");
}

function reads(value: Cel): Cel {
  return READING_FUNCTIONS.map((name) => `${value}.contains(${text(name)})`).join(" || ");
}

function structureRules(): readonly Rule[] {
  const readingTemplates = `variables.templates.filter(one, ${reads("one[1]")})`;
  const elsewhere = 'variables.stores.filter(one, !(one.?kind.orValue("") in ["", "SecretStore"]))';
  const hidden = "variables.templateFrom.filter(one, has(one.configMap) || has(one.secret))";
  const noFunction = "a template of the declared data alone";
  const declareInstead = "declare the value under data, so that Vault's policy decides who reads it";
  return [
    {
      field: "spec.target.template.type",
      holds: `variables.template.?type.orValue("") != ${text(TOKEN_TYPE)}`,
      found: text(TOKEN_TYPE),
      allowed: text("any other type of Secret"),
      fix: "use Opaque: Kubernetes would fill such a Secret with a token of whichever service account it names",
    },
    {
      field: "spec.target",
      holds: `size(${unknownTargetFields}) == 0`,
      found: `${unknownTargetFields}.join(", ")`,
      allowed: text(TARGET_FIELDS.join(", ")),
      fix: "write a Secret; an object of another kind would be made with ESO's rights",
    },
    {
      field: "secretStoreRef or sourceRef.storeRef: kind",
      holds: `size(${elsewhere}) == 0`,
      found: `${elsewhere}.map(one, one.kind + " " + one.?name.orValue("")).join(", ")`,
      allowed: text("SecretStore"),
      fix: "read through this namespace's own store",
    },
    {
      field: "spec.target.template",
      holds: `size(${readingTemplates}) == 0`,
      found: `${READING_FUNCTIONS.map(text).join(' + " or " + ')} + " in " + ${readingTemplates}.map(one, one[0]).join(", ")`,
      allowed: text(noFunction),
      fix: declareInstead,
    },
    {
      field: "spec.dataFrom[].rewrite[].transform.template",
      holds: `!variables.dataFrom.exists(from, from.?rewrite.orValue([]).exists(one, ${reads('one.?transform.?template.orValue("")')}))`,
      found: READING_FUNCTIONS.map(text).join(' + " or " + '),
      allowed: text(noFunction),
      fix: declareInstead,
    },
    {
      field: "spec.target.template.templateFrom",
      holds: `size(${hidden}) == 0`,
      found: `${hidden}.map(one, has(one.configMap) ? "configMap " + one.configMap.name : "secret " + one.secret.name).join(", ")`,
      allowed: text("literal"),
      fix: "write the template as literal or data: what a ConfigMap or Secret holds is not seen here, and may change later",
    },
  ];
}

const TARGET_FIELDS = ["name", "creationPolicy", "deletionPolicy", "immutable", "template"];
const unknownTargetFields = unknownFields("variables.target", TARGET_FIELDS);

function declaredRules(allow: Settings["externalSecrets"]["admission"]["allow"]): readonly Rule[] {
  const generators = allow.filter((kind) => kind === "ClusterGenerator" || isGenerator(kind));
  const kinds = [...generators, ...(generators.includes(DYNAMIC_SECRET) ? [] : [DYNAMIC_SECRET])];
  const otherKinds = `variables.generators.filter(one, !(one.?kind.orValue("") in ${texts(kinds)}))`;
  const undeclared = generators.includes(DYNAMIC_SECRET)
    ? "variables.generators.filter(one, false)"
    : `variables.generators.filter(one, one.?kind.orValue("") == ${text(DYNAMIC_SECRET)} && !(one.?name.orValue("") in variables.dynamic))`;
  const foreign = 'variables.stores.filter(one, !(one.?name.orValue("") in variables.known))';
  return [
    {
      field: "secretStoreRef or sourceRef.storeRef: name",
      holds: `size(${foreign}) == 0`,
      found: `${foreign}.map(one, one.?name.orValue("nothing")).join(", ")`,
      allowed: 'variables.known.join(", ")',
      fix: "read through a store that the stack declares for this namespace",
    },
    {
      field: "sourceRef.generatorRef: kind",
      holds: `size(${otherKinds}) == 0`,
      found: `${otherKinds}.map(one, one.?kind.orValue("nothing")).join(", ")`,
      allowed: text(kinds.join(", ")),
      fix: "read the value from Vault, or declare the kind: externalSecrets.admission.allow",
    },
    {
      field: "sourceRef.generatorRef: name",
      holds: `size(${undeclared}) == 0`,
      found: `${undeclared}.map(one, one.?name.orValue("nothing")).join(", ")`,
      allowed: 'size(variables.dynamic) == 0 ? "none in this namespace" : variables.dynamic.join(", ")',
      fix: "declare the secret in the stack, which makes its VaultDynamicSecret",
    },
  ];
}

export function isGenerator(kind: string): boolean {
  return generatorKinds.some((one) => one === kind);
}
