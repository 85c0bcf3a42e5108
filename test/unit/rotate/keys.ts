import { findKey } from "../../../cli/rotate/keys.ts";
import type { Slots } from "../../../cli/rotate/slots.ts";
import { parseSettings } from "../../../config/parse.ts";
import type { RotationKey, RotationSettings } from "../../../config/rotation-settings.ts";
import { readReport, reportOf } from "../../../jobs/rotator/report.ts";
import { newState, type RotationState } from "../../../jobs/rotator/state.ts";
import { withKeys, withSecrets } from "../rotation/declarations.ts";

/** Two keys: one that OpenAI makes, Mondays at three; and one that a person makes. */
export const settings = parseSettings(
  withSecrets(
    withKeys(
      {
        "openai-llm": { timeZone: "Europe/Berlin" },
        anthropic: { provider: "claude", path: "llm/anthropic", admin: undefined, project: undefined },
      },
      { providers: { claude: { kind: "manual" } } },
    ),
    {
      "openai-api-key": { refreshInterval: "1h", data: { api_key: "llm/openai#api_key" } },
      "anthropic-api-key": { refreshInterval: "1h", data: { api_key: "llm/anthropic#api_key" } },
    },
  ),
  "Pulumi.test.yaml",
);

export const rotation = settings.rotation as RotationSettings;
export const openai = findKey(rotation, "openai-llm");
export const anthropic = findKey(rotation, "anthropic");

/** Monday, and the run of that day by the spread schedule. */
export const MONDAY = "2026-11-23T02:21:00Z";

export const rotated: RotationState = {
  ...{ ...newState, generation: 2, run: "a", job: "rotate-openai-llm-1" },
  current: { name: "llm-gateway-dev-openai-llm-2", id: "user-2", version: 4, promotedAt: MONDAY },
  previous: [{ name: "llm-gateway-dev-openai-llm-1", id: "user-1", revokeAfter: "2026-11-24T02:10:00Z" }],
  history: [
    { at: "2026-11-16T02:10:00Z", what: "promoted", name: "llm-gateway-dev-openai-llm-1" },
    { at: MONDAY, what: "promoted", name: "llm-gateway-dev-openai-llm-2", job: "rotate-openai-llm-1" },
  ],
};

/** What Vault would say of a state that stands in version 9 of its slot, reported as it is. */
export function slotsWith(state: RotationState, failures: Readonly<Record<string, string>> = {}): Slots {
  const report = readReport({ ...reportOf(state, 9), ...failures });
  if (report === undefined) throw new Error("no report");
  return { ...unused, state: { ...unused.state, currentVersion: 9 }, report, standing: "reported" };
}

/** Before the first rotation, with a key that somebody put in version 1. */
export const unused: Slots = {
  live: {
    ...{ mounted: true, currentVersion: 1, custom: {} },
    versions: [{ version: 1, createdTime: "2026-11-01T00:00:00Z", readable: true }],
  },
  state: { mounted: true, currentVersion: 0, versions: [], custom: {} },
  standing: "unused",
};

export function named(name: string): RotationKey {
  return findKey(rotation, name);
}
