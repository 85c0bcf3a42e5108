import type { Incident, NewIncident } from "../../../cli/break-glass/memory.ts";
import { parseSettings } from "../../../config/parse.ts";
import type { Settings } from "../../../config/schema.ts";
import { withKeys, withSecrets } from "../rotation/declarations.ts";

/** Two services of one namespace that share a path and a login, one of whose keys rotates. */
export const settings: Settings = parseSettings(
  withSecrets(withKeys({ "openai-llm": {} }), {
    "openai-api-key": { refreshInterval: "1h", data: { api_key: "llm/openai#api_key" } },
    both: { data: { openai: "llm/openai#api_key", other: "llm/other#key" } },
    alone: { data: { other: "llm/alone#key" }, creationPolicy: "Merge" },
  }),
  "Pulumi.test.yaml",
);

export const wanted: NewIncident = {
  ...{ name: "llm/openai", apiPath: "kv/data/llm/openai", kv: { mount: "kv", path: "llm/openai" } },
  ...{ drill: false, openedBy: "ada", run: "run-1", provider: false },
};

export function incident(fields: Partial<Incident>): Incident {
  return {
    ...wanted,
    ...{ id: "20261127-031405", openedAt: "2026-11-27T03:14:05.000Z", seenAt: "2026-11-27T03:14:05.000Z" },
    ...{ ended: true, lastVersions: {}, frozen: [], steps: {}, evidence: "0".repeat(64) },
    ...fields,
  };
}
