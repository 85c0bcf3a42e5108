import { isEmpty, type ResourceRule, texts, UNKNOWN, type Violation, when } from "./resource.ts";

const KUBERNETES = "vault:kubernetes/authBackendRole:AuthBackendRole";
const JWT = "vault:jwt/authBackendRole:AuthBackendRole";

/** A role of whatever auth method: all have the same fields for the tokens of their logins. */
const ANY_ROLE = /^vault:.*AuthBackendRole$/;

export const boundRoles: ResourceRule = {
  name: "bound-roles",
  description:
    "A role of kubernetes or jwt auth names who may log in, and for which audience; no `*`, no glob, no selector.",
  options: {},
  check({ type, props }) {
    if (type === KUBERNETES) return kubernetesViolations(props);
    return type === JWT ? jwtViolations(props) : [];
  },
};

function kubernetesViolations(props: Readonly<Record<string, unknown>>): readonly Violation[] {
  const { audience, boundServiceAccountNamespaces, boundServiceAccountNamespaceSelector: selector } = props;
  const bindings = ["boundServiceAccountNames", "boundServiceAccountNamespaces"].flatMap((field) =>
    globs(field, props[field]),
  );
  return [
    ...bindings,
    ...when(!isEmpty(selector), {
      found: "has boundServiceAccountNamespaceSelector: whoever may label a namespace may log in",
      fix: "name the namespaces in boundServiceAccountNamespaces",
    }),
    ...when(isEmpty(boundServiceAccountNamespaces) && isEmpty(selector), {
      found: "has no boundServiceAccountNamespaces",
      fix: "name the one namespace that may log in",
    }),
    ...when(isEmpty(audience), {
      found: "has no audience: any token that the cluster accepts logs in",
      fix: "set audience, e.g. vault, and request tokens for it",
    }),
  ];
}

function jwtViolations(props: Readonly<Record<string, unknown>>): readonly Violation[] {
  const { roleType, boundSubject, boundClaims, boundClaimsType, boundAudiences } = props;
  // Vault's default is oidc: people, whom a claim such as their groups binds.
  const people = roleType !== "jwt" && roleType !== UNKNOWN;
  const unbound = isEmpty(boundSubject) && !(people && !isEmpty(boundClaims));
  return [
    ...globs("boundSubject", [boundSubject]),
    ...when(boundClaimsType === "glob", {
      found: "has boundClaimsType glob",
      fix: "use string, and write the claims out",
    }),
    ...when(unbound && roleType !== UNKNOWN, {
      found: `has no boundSubject${people ? " and no boundClaims" : ""}: whoever the issuer signs for may log in`,
      fix: people
        ? "bind a claim, e.g. the group, in boundClaims"
        : "set boundSubject, e.g. system:serviceaccount:<namespace>:<service account>",
    }),
    ...when(isEmpty(boundAudiences), {
      found: "has no boundAudiences: a token made for another service logs in",
      fix: "name the audience that tokens are requested for, e.g. vault",
    }),
  ];
}

function globs(field: string, value: unknown): readonly Violation[] {
  const wide = texts(value).filter((text) => text.includes("*"));
  return when(wide.length > 0, {
    found: `has ${field} ${wide.map((text) => `"${text}"`).join(", ")}`,
    fix: "write out each name",
  });
}

export const noDefaultPolicy: ResourceRule = {
  name: "no-default-policy",
  description: "A role gives its tokens the policies that it names, and not Vault's default policy besides.",
  options: {},
  check({ type, props: { tokenNoDefaultPolicy, tokenPolicies } }) {
    if (!ANY_ROLE.test(type)) return [];
    const named = texts(tokenPolicies).filter((policy) => policy === "default" || policy === "root");
    return [
      ...when(tokenNoDefaultPolicy !== true && tokenNoDefaultPolicy !== UNKNOWN, {
        found: "leaves the default policy on",
        fix: "set tokenNoDefaultPolicy: true, and grant what is needed by name",
      }),
      ...when(named.length > 0, {
        found: `has the policy ${named.join(", ")} in tokenPolicies`,
        fix: "remove it, and grant what is needed by name",
      }),
    ];
  },
};

export const tokenLifetimes: ResourceRule<{ readonly limitSeconds: number }> = {
  name: "token-lifetimes",
  description: "The tokens of a role end within the limit, however often they are renewed.",
  options: {
    /** The longest life of a token, in seconds. One hour is the reference declaration's refreshInterval: ESO needs a token for one refresh. */
    limitSeconds: { default: 3_600, schema: { type: "integer", minimum: 1 } },
  },
  check({ type, props }, { limitSeconds }) {
    if (!ANY_ROLE.test(type)) return [];
    const { tokenPeriod } = props;
    if (tokenPeriod === UNKNOWN) return [];
    // A periodic token is renewed for its period for ever: its maximum does not count, only the explicit one does.
    const periodic = (tokenPeriod ?? 0) !== 0;
    const fields = periodic ? ["tokenPeriod", "tokenExplicitMaxTtl"] : ["tokenTtl", "tokenMaxTtl"];
    return fields.flatMap((field) => lifetime(field, props[field] ?? 0, limitSeconds));
  },
};

function lifetime(field: string, value: unknown, limit: number): readonly Violation[] {
  if (typeof value !== "number") return [];
  const fix = `set ${field} to at most ${limit} (seconds)`;
  if (value > limit) return [{ found: `has ${field} ${value}, over the limit of ${limit} seconds`, fix }];
  const endless = field === "tokenExplicitMaxTtl";
  const consequence = endless ? "its tokens are renewed for ever" : "its tokens get Vault's default, 768h";
  return when(value <= 0, { found: `has no ${field}: ${consequence}`, fix });
}
