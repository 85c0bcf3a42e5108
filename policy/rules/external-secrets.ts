import { parentTypes, type ResourceRule, type ResourceView } from "./resource.ts";

/** `kubernetes:<group>/<version>:<Kind>`, with a group of ESO's. */
const ESO_TYPE = /^kubernetes:([\w.-]+\.)?external-secrets\.io\//;
const ESO_API = /^([\w.-]+\.)?external-secrets\.io\//;

/** What the types of this project's components begin with. */
const COMPONENT = "vault-management:";

export const externalSecretsInComponents: ResourceRule = {
  name: "external-secrets-in-components",
  description:
    "Custom resources of ESO are made by vault-management's components, from the declaration, and nowhere else.",
  options: {},
  check(resource) {
    if (!isOfEso(resource) || parentTypes(resource.urn).some((type) => type.startsWith(COMPONENT))) return [];
    return [
      {
        found:
          "is made outside vault-management's components, so no policy, role or check is generated for it",
        fix: "declare it in the stack file under namespaces",
      },
    ];
  },
};

function isOfEso({ type, props: { apiVersion } }: ResourceView): boolean {
  if (ESO_TYPE.test(type)) return true;
  return type.startsWith("kubernetes:") && typeof apiVersion === "string" && ESO_API.test(apiVersion);
}
