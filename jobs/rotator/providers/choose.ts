import type { Watch } from "../../shared/http.ts";
import { RotationError } from "../errors.ts";
import { limitsOf, type RotationSpec } from "../spec.ts";
import { described, manual } from "./described.ts";
import { openAi } from "./openai.ts";
import { type Provider, ProviderClient } from "./provider.ts";

/** The provider of a specification. `adminKey` is the value of its admin credential. */
export function chooseProvider(spec: RotationSpec, adminKey: string | undefined, watch?: Watch): Provider {
  const client = new ProviderClient(spec, limitsOf(spec), watch);
  const { provider, project } = spec;
  const standing = {
    ...(adminKey === undefined ? {} : { admin: adminKey }),
    ...(project === undefined ? {} : { project }),
  };
  switch (provider.kind) {
    case "http":
      return described(client, provider, standing);
    case "manual":
      return manual(client, provider, standing);
    case "openai":
      return openAi(client, {
        baseUrl: provider.baseUrl,
        project: needed(project, "project"),
        adminKey: needed(adminKey, "admin"),
      });
  }
}

function needed(value: string | undefined, field: "project" | "admin"): string {
  if (value !== undefined) return value;
  throw new RotationError("usage", {
    field,
    found: "nothing",
    allowed: "a value, which the provider openai needs",
    fix: `declare ${field} for this key`,
  });
}
