import { z } from "zod";
import { actsInEmergency, type Operator } from "../access/operators/names.ts";
import type { Problem } from "./problems.ts";
import { pathText, show } from "./problems.ts";
import { duration, mountPath, pemCertificates, pemPublicKey, resourceUrl, section, text } from "./values.ts";

/** Whom a role binds: one subject and no pattern, since Vault would take `*` in a claim for anybody. */
const exactName = text((value) => /^[^\s*?"\\]+( [^\s*?"\\]+)*$/.test(value), {
  allowed: "one exact name: no wildcard (* or ?), no quote, no space around it",
  fix: "name the subject, group or claim as the identity provider writes it",
});

/** The names that Kubernetes gives by itself (`system:masters`, `system:authenticated`, ...) are nobody in particular. */
const clusterName = text(
  (value) => /^[^\s*?"\\]+$/.test(value) && !/^system:(?!serviceaccount:[^:]+:[^:]+$)/.test(value),
  {
    allowed: "one exact name without wildcard; of Kubernetes' own names (system:...) a service account alone",
    fix: "name a group or user of your identity provider, e.g. vault-management:dev:deployer",
  },
);

const subject = section({
  /** The token's `sub`, e.g. `repo:voyager/platform:environment:dev`. */
  subject: exactName,
});

/** How CI logs in to Vault: by the token that it gives to a job. */
const ci = section({
  /** JWT auth mount; stacks of one Vault may share it. @default jwt-ci */
  mount: mountPath.default("jwt-ci"),
  /** Serves OIDC discovery, e.g. `https://token.actions.githubusercontent.com`. */
  issuer: resourceUrl.optional(),
  /** CA of the issuer. The system's when absent. */
  issuerCaCertificate: pemCertificates.optional(),
  /** The keys that sign, where Vault cannot reach the issuer. */
  publicKeys: z.array(pemPublicKey).min(1).optional(),
  /** What the job's token must be issued for. @default vault */
  audience: exactName.default("vault"),
  /** Life of a login's token; renewing it does not lengthen it. @default 30m */
  tokenTtl: duration("1m").default("30m"),
  deployer: subject.optional(),
  previewer: subject.optional(),
});

const groups = z.array(exactName).min(1);

/** How people log in to Vault: at the identity provider, by their groups. */
const people = section({
  /** OIDC auth mount; stacks of one Vault may share it. @default oidc */
  mount: mountPath.default("oidc"),
  issuer: resourceUrl,
  /** CA of the issuer. The system's when absent. */
  issuerCaCertificate: pemCertificates.optional(),
  clientId: exactName,
  /** Where a login may come back to. @default the Vault CLI's own */
  redirectUris: z.array(resourceUrl).min(1).default(["http://localhost:8250/oidc/callback"]),
  /** Scopes asked for besides `openid`; some providers give groups for `groups` alone. @default none */
  scopes: z.array(exactName).default([]),
  /** Names a person in Vault and its audit log; an address may come to belong to somebody else, `sub` may not. @default sub */
  userClaim: exactName.default("sub"),
  /** @default groups */
  groupsClaim: exactName.default("groups"),
  /** Life of a login's token, of break-glass at most 15m; renewing it does not lengthen it. @default 1h */
  tokenTtl: duration("1m").default("1h"),
  /** Operator -> the groups whose members may log in as it. */
  groups: section({
    deployer: groups.optional(),
    previewer: groups.optional(),
    auditor: groups.optional(),
    "secret-admin": groups.optional(),
    "break-glass": groups.optional(),
    "break-glass-restore": groups.optional(),
  }),
});

const clusterSubject = z.union([section({ group: clusterName }), section({ user: clusterName })], {
  error: () => "either group: <name> or user: <name>",
});

/** Whom the API server takes for which operator. */
const kubernetes = section({
  deployer: clusterSubject.optional(),
  previewer: clusterSubject.optional(),
  auditor: clusterSubject.optional(),
  "break-glass": clusterSubject.optional(),
  "break-glass-restore": clusterSubject.optional(),
});

/** Who works on the stack, and how they log in. `npm run bootstrap` sets it up; the stack itself never touches it. */
export const operatorsSection = section({
  ci: ci.optional(),
  people: people.optional(),
  kubernetes: kubernetes.optional(),
});

type Operators = z.output<typeof operatorsSection>;

/** Rules over several fields of `operators`. */
export function operatorProblems(operators: Operators | undefined): readonly Problem[] {
  if (operators === undefined) return [];
  return [
    ...ciKeys(operators.ci),
    ...nobody(operators),
    ...sameSubject("ci", operators.ci?.deployer, operators.ci?.previewer),
    ...sameSubject("kubernetes", operators.kubernetes?.deployer, operators.kubernetes?.previewer),
    ...sharedEmergency(operators.kubernetes ?? {}),
  ];
}

function ciKeys(ciLogin: Operators["ci"]): readonly Problem[] {
  if (ciLogin === undefined) return [];
  const ways = (["issuer", "publicKeys"] as const).filter((name) => ciLogin[name] !== undefined);
  if (ways.length === 1) return [];
  return [
    {
      path: "operators.ci",
      found: ways.length === 0 ? "no way to the signing keys" : ways.join(" and "),
      allowed: "exactly one of issuer, publicKeys",
      fix: "keep issuer where Vault reaches it, publicKeys elsewhere",
    },
  ];
}

function nobody({ ci: ciLogin, people: peopleLogin }: Operators): readonly Problem[] {
  const empty = [
    ...(ciLogin && !ciLogin.deployer && !ciLogin.previewer ? ["ci"] : []),
    ...(peopleLogin && Object.keys(peopleLogin.groups).length === 0 ? ["people.groups"] : []),
  ];
  return empty.map((field) => ({
    path: `operators.${field}`,
    found: "nobody who may log in",
    allowed: field === "ci" ? "deployer, previewer, or both" : "at least one operator with its groups",
    fix: "name one, or remove the section",
  }));
}

/** A preview runs code that nobody has reviewed yet. */
function sameSubject(field: string, deployer: unknown, previewer: unknown): readonly Problem[] {
  if (deployer === undefined || JSON.stringify(deployer) !== JSON.stringify(previewer)) return [];
  return [
    {
      path: pathText(["operators", field, "previewer"]),
      found: `${show(previewer)}, as for the deployer`,
      allowed: "a subject other than the deployer's: previews run code before it is reviewed",
      fix: "give previews an identity of their own, e.g. the CI environment dev-preview",
    },
  ];
}

/** An admission policy holds these subjects to the few writes of an emergency: it would hold another operator to them too. */
function sharedEmergency(subjects: NonNullable<Operators["kubernetes"]>): readonly Problem[] {
  const declared = Object.entries(subjects).filter(([, one]) => one !== undefined);
  return declared.flatMap(([operator, subject], index) => {
    const twin = declared.slice(0, index).find(([, one]) => JSON.stringify(one) === JSON.stringify(subject));
    if (twin === undefined || !actsInEmergency(operator as Operator)) return [];
    return [
      {
        path: pathText(["operators", "kubernetes", operator]),
        found: `${show(subject)}, as for ${twin[0]}`,
        allowed:
          "a subject of its own: who takes access away neither deploys nor gives it back by the same login",
        fix: `name another, e.g. the group vault-management:dev:${operator}`,
      },
    ];
  });
}
