import { auditorPolicy } from "../../access/operators/auditor.ts";
import { breakGlassPolicy } from "../../access/operators/break-glass.ts";
import { breakGlassRestorePolicy } from "../../access/operators/break-glass-restore.ts";
import { type DeniedGroup, deniedGroups, deniedPolicies } from "../../access/operators/denial.ts";
import { deployerPolicy, type Leftovers } from "../../access/operators/deployer.ts";
import {
  actsInEmergency,
  LONGEST_EMERGENCY_TOKEN,
  type Operator,
  operatorPolicyName,
  operatorRoleName,
} from "../../access/operators/names.ts";
import { previewerPolicy } from "../../access/operators/previewer.ts";
import { secretAdminPolicy } from "../../access/operators/secret-admin.ts";
import { seconds } from "../../components/durations.ts";
import type { PolicyDocument } from "../../components/vault/policies.ts";
import type { Settings } from "../../config/schema.ts";

export type Fields = Readonly<Record<string, unknown>>;

/** Something that bootstrap writes in Vault: `fields` in Vault's own words, as it gives them back. */
export interface Desired {
  readonly kind: "policy" | "identity group" | "auth mount" | "login configuration" | "role";
  readonly path: string;
  readonly fields: Fields;
}

type Operators = NonNullable<Settings["operators"]>;
type Ci = NonNullable<Operators["ci"]>;
type People = NonNullable<Operators["people"]>;

/** The policies of all operators, whether or not somebody logs in as them yet. */
export function operatorPolicies(settings: Settings, leftovers: Leftovers = []): readonly PolicyDocument[] {
  return [
    deployerPolicy(settings, leftovers),
    previewerPolicy(settings),
    auditorPolicy(settings),
    secretAdminPolicy(settings),
    breakGlassPolicy(settings),
    breakGlassRestorePolicy(settings),
  ];
}

/** Everything that bootstrap sets up in Vault, in the order in which it is made. */
export function desiredInVault(settings: Settings, leftovers: Leftovers = []): readonly Desired[] {
  const { environment, operators } = settings;
  return [
    ...[...operatorPolicies(settings, leftovers), ...deniedPolicies(environment)].map(policy),
    ...deniedGroups(environment).map(deniedGroup),
    ...(operators?.ci ? ciLogin(operators.ci, environment) : []),
    ...(operators?.people ? peopleLogin(operators.people, environment) : []),
  ];
}

function policy({ name, document }: PolicyDocument): Desired {
  return { kind: "policy", path: `sys/policies/acl/${name}`, fields: { policy: document } };
}

/** Neither members nor metadata are named: those are what break-glass denies at the moment, and stay as they are. */
function deniedGroup({ path, policy }: DeniedGroup): Desired {
  return { kind: "identity group", path, fields: { type: "internal", policies: [policy] } };
}

function ciLogin(ci: Ci, environment: string): readonly Desired[] {
  const roles = (["deployer", "previewer"] as const).flatMap((operator): readonly Desired[] => {
    const subject = ci[operator]?.subject;
    if (subject === undefined) return [];
    const fields = {
      role_type: "jwt",
      user_claim: "sub",
      bound_audiences: [ci.audience],
      bound_subject: subject,
      ...tokenFields(environment, operator, ci.tokenTtl),
    };
    return [{ kind: "role", path: rolePath(ci.mount, environment, operator), fields }];
  });
  return [authMount(ci.mount, "jwt"), ciConfiguration(ci), ...roles];
}

/** What is not declared is said empty, so that an earlier way to the keys does not stay. */
function ciConfiguration({ mount, issuer, issuerCaCertificate, publicKeys }: Ci): Desired {
  return {
    kind: "login configuration",
    path: `auth/${mount}/config`,
    fields: {
      oidc_discovery_url: issuer ?? "",
      oidc_discovery_ca_pem: issuerCaCertificate?.trim() ?? "",
      bound_issuer: issuer ?? "",
      jwt_validation_pubkeys: (publicKeys ?? []).map((key) => key.trim()),
    },
  };
}

function peopleLogin(people: People, environment: string): readonly Desired[] {
  const roles = Object.entries(people.groups).flatMap(([operator, groups]): readonly Desired[] =>
    groups === undefined ? [] : [peopleRole(people, environment, operator as Operator, groups)],
  );
  return [authMount(people.mount, "oidc"), peopleConfiguration(people), ...roles];
}

function peopleConfiguration({ mount, issuer, issuerCaCertificate, clientId }: People): Desired {
  return {
    kind: "login configuration",
    path: `auth/${mount}/config`,
    fields: {
      oidc_discovery_url: issuer,
      oidc_discovery_ca_pem: issuerCaCertificate?.trim() ?? "",
      bound_issuer: issuer,
      oidc_client_id: clientId,
    },
  };
}

function peopleRole(
  people: People,
  environment: string,
  operator: Operator,
  groups: readonly string[],
): Desired {
  return {
    kind: "role",
    path: rolePath(people.mount, environment, operator),
    fields: {
      role_type: "oidc",
      user_claim: people.userClaim,
      // The client's own: an ID token for another application of the same provider is no login.
      bound_audiences: [people.clientId],
      bound_claims: { [people.groupsClaim]: groups },
      bound_claims_type: "string",
      allowed_redirect_uris: people.redirectUris,
      oidc_scopes: people.scopes,
      ...tokenFields(environment, operator, people.tokenTtl),
    },
  };
}

/** As long as a login lasts, and no longer: the maximum is said as well, or a token could be renewed for a month. */
function tokenFields(environment: string, operator: Operator, declaredTtl: string): Fields {
  const ttl = actsInEmergency(operator) ? shorter(declaredTtl, LONGEST_EMERGENCY_TOKEN) : declaredTtl;
  return {
    token_policies: [operatorPolicyName(environment, operator)],
    token_no_default_policy: true,
    token_type: "service",
    token_ttl: seconds(ttl),
    token_max_ttl: seconds(ttl),
    token_explicit_max_ttl: seconds(ttl),
    token_period: 0,
    token_num_uses: 0,
  };
}

function shorter(one: string, other: string): string {
  return seconds(one) < seconds(other) ? one : other;
}

/** Stacks of one Vault share the mount: its description names none. */
function authMount(mount: string, type: "jwt" | "oidc"): Desired {
  return {
    kind: "auth mount",
    path: `sys/auth/${mount}`,
    fields: { type, description: "vault-management operators" },
  };
}

function rolePath(mount: string, environment: string, operator: Operator): string {
  return `auth/${mount}/role/${operatorRoleName(environment, operator)}`;
}
