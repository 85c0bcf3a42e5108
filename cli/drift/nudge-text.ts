import type { Nudged, NudgeReport } from "./nudge.ts";

const OUTCOMES: Readonly<Record<Nudged["outcome"], string>> = {
  planned: "would be refreshed",
  synced: "refreshed: the cluster has the newest version",
  "not synced yet": "asked for, and not synced within a minute",
  refused: "not asked for",
};

export function nudgeText({ judged, nudged, unknown }: NudgeReport, stack: string): string {
  const headline =
    nudged.length === 0
      ? `Nothing lags of the ${judged} ExternalSecret(s) of stack ${stack}.`
      : `${nudged.length} of the ${judged} ExternalSecret(s) of stack ${stack} lag behind Vault.`;
  return [
    headline,
    ...nudged.map(({ externalSecret, lagSeconds, outcome, why }) => {
      const lag = lagSeconds === undefined ? "last sync too old" : `behind for ${lagSeconds} s`;
      return `  ${externalSecret} (${lag}): ${OUTCOMES[outcome]}${why === undefined ? "" : `: ${why}`}`;
    }),
    ...(unknown.length === 0 ? [] : ["Not known:"]),
    ...unknown.map(({ externalSecret, why }) => `  ${externalSecret}: ${why}`),
  ].join("\n");
}
