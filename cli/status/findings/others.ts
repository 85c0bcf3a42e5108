import type { Alerts, Finding, Rotation } from "../document.ts";
import { type Context, npmRun, npmRunInCluster, runbook } from "./context.ts";

/** Keys whose run did not come, or failed. */
export function rotationFindings(rotations: readonly Rotation[], context: Context): readonly Finding[] {
  return rotations.flatMap(({ key, overdueSince, failure }) => {
    const about = {
      area: "rotations",
      subject: key,
      next: [npmRunInCluster(context, "rotate", "status", key)],
    } as const;
    return [
      ...(overdueSince === null
        ? []
        : [
            {
              ...about,
              severity: "critical" as const,
              text: `rotation ${key} is overdue: the key should have been replaced`,
              since: overdueSince,
              runbook: runbook(context, "RotationOverdue"),
            },
          ]),
      ...(failure === null
        ? []
        : [
            {
              ...about,
              severity: "warning" as const,
              text: `the last run of rotation ${key} failed: ${failure.text}`,
              since: failure.at,
              runbook: runbook(context, "ProviderKeyRotationFailing"),
            },
          ]),
    ];
  });
}

/** Access that somebody has taken away and nobody given back. */
export function incidentFindings({ open }: { readonly open: number }, context: Context): readonly Finding[] {
  if (open === 0) return [];
  return [
    {
      area: "break-glass",
      severity: "warning",
      subject: "break-glass",
      text: `${open} break-glass incident(s) open: what they revoked stays denied until it is restored`,
      since: null,
      next: [npmRun(context, "break-glass", "list")],
      runbook: runbook(context, "BreakGlassOpen"),
    },
  ];
}

/** What fires and was not found by looking; and rules that are not there, without which nothing ever fires. */
export function alertFindings(
  { rules, firing, askedAt }: Alerts,
  others: readonly Finding[],
  context: Context,
): readonly Finding[] {
  const known = new Set(others.map((one) => one.runbook));
  const loaded: readonly Finding[] =
    rules > 0
      ? []
      : [
          {
            area: "alerts",
            severity: "warning",
            subject: "alerts",
            text: `the Prometheus at ${askedAt} has no alerting rule of this stack: nobody would be told`,
            since: null,
            next: ["kubectl get prometheusrules -A"],
            runbook: null,
          },
        ];
  const unseen = firing.filter(({ name }) => !known.has(runbook(context, name)));
  return [
    ...loaded,
    ...unseen.map(({ name, severity, since, summary, runbook: own }) => ({
      area: "alerts" as const,
      severity: severity === "critical" ? ("critical" as const) : ("warning" as const),
      subject: name,
      text: `alert ${name} is firing${summary === null ? "" : `: ${summary}`}`,
      since,
      next: [],
      runbook: own ?? runbook(context, name),
    })),
  ];
}
