import { nearest, type Problem, show } from "./problems.ts";
import { BUILT_IN } from "./rotation.ts";
import { takesAdmin, takesProject } from "./rotation-providers.ts";
import type { NamedKey } from "./rotation-rules.ts";
import type { Declaration } from "./schema.ts";

/** What a key says of its provider, and what that provider's requests need of the key. */
export function providerProblems(one: NamedKey, declared: Declaration): readonly Problem[] {
  return [
    ...unknownProvider(one, declared),
    ...foreignBaseUrl(one),
    ...missingAdmin(one, declared),
    ...missingProject(one, declared),
  ];
}

function unknownProvider({ key, path }: NamedKey, { rotation }: Declaration): readonly Problem[] {
  const known = [BUILT_IN, ...Object.keys(rotation?.providers ?? {})];
  if (known.includes(key.provider)) return [];
  const near = nearest(key.provider, known);
  return [
    {
      path: path("provider"),
      found: show(key.provider),
      allowed: known.join(" | "),
      fix:
        near === undefined ? "describe it under rotation.providers, or name one of these" : `write ${near}`,
    },
  ];
}

function foreignBaseUrl({ key, path }: NamedKey): readonly Problem[] {
  if (key.baseUrl === undefined || key.provider === BUILT_IN) return [];
  return [
    {
      path: path("baseUrl"),
      found: `${show(key.baseUrl)} with provider ${key.provider}`,
      allowed: `baseUrl with provider ${BUILT_IN} alone`,
      fix: "remove it; the addresses of other providers stand in rotation.providers",
    },
  ];
}

function missingAdmin({ key, path }: NamedKey, { rotation }: Declaration): readonly Problem[] {
  const provider = rotation?.providers[key.provider];
  const needed = key.provider === BUILT_IN || (provider !== undefined && takesAdmin(provider));
  if (needed === (key.admin !== undefined) || (provider === undefined && key.provider !== BUILT_IN))
    return [];
  if (!needed) {
    return [
      {
        path: path("admin"),
        found: `an admin credential that no request of ${key.provider} takes`,
        allowed: "admin where the provider makes, lists or revokes keys with it",
        fix: "remove it: the rotator would be given what it does not need",
      },
    ];
  }
  return [
    {
      path: path("admin"),
      found: `nothing, with provider ${key.provider}`,
      allowed: "path#property of the credential that may create, list and revoke keys there",
      fix: "e.g. admin: platform/openai-admin#api_key",
    },
  ];
}

function missingProject({ key, path }: NamedKey, { rotation }: Declaration): readonly Problem[] {
  const provider = rotation?.providers[key.provider];
  const needed = key.provider === BUILT_IN || (provider !== undefined && takesProject(provider));
  if (!needed || key.project !== undefined) return [];
  return [
    {
      path: path("project"),
      found: `nothing, with provider ${key.provider}`,
      allowed: "the project at the provider, which its requests name",
      fix: "e.g. project: proj_abc",
    },
  ];
}
