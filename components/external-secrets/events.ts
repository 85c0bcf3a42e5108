import type { CoreV1Event } from "@kubernetes/client-node";

/** The message of each object's newest event, by `<kind>/<name>`. */
export function newestOf(events: readonly CoreV1Event[]): ReadonlyMap<string, string> {
  const dated = events.map((event) => ({ event, at: seenAt(event) })).toSorted((a, b) => a.at - b.at);
  return new Map(
    dated.map(({ event: { involvedObject, message } }) => [
      `${involvedObject.kind}/${involvedObject.name}`,
      message ?? "",
    ]),
  );
}

/** An event has either time. The library types both as dates, and gives the one with microseconds as the text it got. */
function seenAt({ lastTimestamp, eventTime }: CoreV1Event): number {
  const time: Date | string | undefined = lastTimestamp ?? eventTime;
  return time ? new Date(time).getTime() : 0;
}
