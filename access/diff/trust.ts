import type { Settings } from "../../config/schema.ts";
import { durationMs } from "../../config/values.ts";
import { listed, type Sentence, say } from "../words.ts";
import { type AccessChange, change, type Risk, without } from "./change.ts";

/** What decides whose login is believed, from where, for how long, and who may make the tokens for it. */
export function trustChanges(before: Settings, after: Settings): readonly AccessChange[] {
  return [
    ...fieldChanges(before, after),
    ...lifeChanges(before, after),
    ...networkChanges(before.vault.egressCidrs, after.vault.egressCidrs),
    ...keyChanges(before, after),
    ...caChange(before, after),
    ...minterChange(before, after),
  ];
}

interface Field {
  readonly about: string;
  readonly risk: Risk;
  /** `undefined` where the stack declares none. */
  readonly value: (settings: Settings) => string | undefined;
  readonly say: (is: string, was: string) => Sentence;
}

const FIELDS: readonly Field[] = [
  {
    about: "vault.address",
    risk: "different",
    value: ({ vault }) => vault.address,
    say: (is, was) => say`the Vault is ${is} instead of ${was}: all access is to what stands there`,
  },
  {
    about: "vault.auth.mount",
    risk: "different",
    value: ({ vault }) => vault.auth.mount,
    say: (is, was) => say`logins go to the auth mount ${is} instead of ${was}`,
  },
  {
    about: "vault.auth.rolePrefix",
    risk: "different",
    value: ({ vault }) => vault.auth.rolePrefix,
    say: (is, was) => say`every role and policy begins with ${is} instead of ${was}`,
  },
  {
    about: "vault.auth.audience",
    risk: "different",
    value: ({ vault }) => vault.auth.audience,
    say: (is, was) => say`a login's token must be issued for ${is} instead of ${was}`,
  },
  {
    about: "kubernetes.apiAddress",
    risk: "wider",
    value: ({ kubernetes, vault }) => onlyFor("kubernetes", vault, kubernetes.apiAddress),
    say: (is, was) => say`Vault believes the API server ${is} about service accounts, before ${was}`,
  },
  {
    about: "kubernetes.jwt.issuer",
    risk: "wider",
    value: ({ kubernetes, vault }) => onlyFor("jwt", vault, kubernetes.jwt?.issuer),
    say: (is, was) => say`Vault believes tokens of the issuer ${is}, before ${was}`,
  },
  {
    about: "kubernetes.jwt.jwksUrl",
    risk: "wider",
    value: ({ kubernetes, vault }) => onlyFor("jwt", vault, kubernetes.jwt?.jwksUrl),
    say: (is, was) => say`Vault believes tokens signed by the keys at ${is}, before ${was}`,
  },
];

function onlyFor(
  method: Settings["vault"]["auth"]["method"],
  { auth }: Settings["vault"],
  value: string | undefined,
): string | undefined {
  return auth.method === method ? value : undefined;
}

function fieldChanges(before: Settings, after: Settings): readonly AccessChange[] {
  return [
    ...methodChange(before, after),
    ...FIELDS.flatMap(({ about, risk, value, say: words }) => {
      const [was, is] = [value(before), value(after)];
      return was === is ? [] : [change(risk, about, words(is ?? "none", was ?? "none"))];
    }),
  ];
}

function methodChange(before: Settings, after: Settings): readonly AccessChange[] {
  const about = "vault.auth.method";
  const [was, is] = [before.vault.auth.method, after.vault.auth.method];
  if (was === is) return [];
  return is === "jwt"
    ? [
        change(
          "wider",
          about,
          say`logins by the method ${is} instead of ${was}: Vault checks signatures alone, so the token of a deleted service account is believed until it expires`,
        ),
      ]
    : [
        change(
          "different",
          about,
          say`logins by the method ${is} instead of ${was}: the cluster is asked about each token`,
        ),
      ];
}

function lifeChanges(before: Settings, after: Settings): readonly AccessChange[] {
  return (["tokenTtl", "tokenMaxTtl"] as const).flatMap((field) => {
    const [was, is] = [before.vault.auth[field], after.vault.auth[field]];
    const longer = durationMs(is) - durationMs(was);
    if (longer === 0) return [];
    const about = `vault.auth.${field}`;
    return [change(longer > 0 ? "wider" : "narrower", about, say`${about} is ${is} instead of ${was}`)];
  });
}

/** No network declared means any. Networks are compared as written, not by what they contain. */
function networkChanges(was: readonly string[], is: readonly string[]): readonly AccessChange[] {
  const about = "vault.egressCidrs";
  if (was.length === 0 && is.length > 0) {
    return [
      change("narrower", about, say`logins are accepted from ${listed(is)} alone, before from anywhere`),
    ];
  }
  if (is.length === 0 && was.length > 0) {
    return [change("wider", about, say`logins are accepted from anywhere, before from ${listed(was)} alone`)];
  }
  return [
    ...without(is, was).map((one) => change("wider", about, say`logins are now accepted from ${one}`)),
    ...without(was, is).map((one) =>
      change("narrower", about, say`logins are no longer accepted from ${one}`),
    ),
  ];
}

function keyChanges(before: Settings, after: Settings): readonly AccessChange[] {
  const about = "kubernetes.jwt.publicKeys";
  const keys = ({ kubernetes, vault }: Settings) =>
    vault.auth.method === "jwt" ? (kubernetes.jwt?.publicKeys ?? []) : [];
  const added = without(keys(after), keys(before)).length;
  const gone = without(keys(before), keys(after)).length;
  return [
    ...(added > 0
      ? [change("wider", about, say`Vault believes tokens signed by ${String(added)} more key(s)`)]
      : []),
    ...(gone > 0
      ? [change("narrower", about, say`Vault no longer believes ${String(gone)} of the signing keys`)]
      : []),
  ];
}

function caChange(before: Settings, after: Settings): readonly AccessChange[] {
  if (before.kubernetes.apiCaCertificate === after.kubernetes.apiCaCertificate) return [];
  return [
    change(
      "wider",
      "kubernetes.apiCaCertificate",
      say`Vault knows the cluster, which vouches for service accounts, by another CA certificate`,
    ),
  ];
}

/** Who may make a token of a store's service account can log in as it. */
function minterChange(before: Settings, after: Settings): readonly AccessChange[] {
  const minter = ({ externalSecrets }: Settings) =>
    `${externalSecrets.namespace}/${externalSecrets.serviceAccount}`;
  if (minter(before) === minter(after)) return [];
  return [
    change(
      "wider",
      "externalSecrets.serviceAccount",
      say`${minter(after)} may now make the tokens that the stores log in with, in place of ${minter(before)}`,
    ),
  ];
}
