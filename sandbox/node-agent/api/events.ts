import { createHash } from "node:crypto";
import type { KubeClient } from "./client.ts";
import { type Pod, podKey } from "./types.ts";

export type EventType = "Normal" | "Warning";
export type RecordEvent = (pod: Pod, type: EventType, reason: string, message: string) => void;

/**
 * Writes core/v1 Events about pods. The same event of the same pod is one object whose count grows, as with
 * kubelet. Failures are logged and otherwise ignored: an event is a report, not a part of the work.
 */
export function eventRecorder(
  client: KubeClient,
  nodeName: string,
  log: (line: string) => void,
): RecordEvent {
  const queues = new Map<string, Promise<void>>();
  return (pod, type, reason, message) => {
    const { namespace, name, uid } = podKey(pod);
    const hash = createHash("sha256").update(`${uid} ${reason} ${message}`).digest("hex").slice(0, 16);
    const path = `/api/v1/namespaces/${namespace}/events`;
    const eventName = `${name}.${hash}`;
    const write = async (): Promise<void> => {
      const now = new Date().toISOString().replace(/\.\d+Z$/, "Z");
      const seen = await client.get<{ count?: number }>(`${path}/${eventName}`).catch(() => undefined);
      if (seen !== undefined) {
        await client.send("PATCH", `${path}/${eventName}`, {
          count: (seen.count ?? 1) + 1,
          lastTimestamp: now,
        });
        return;
      }
      await client.send("POST", path, {
        metadata: { name: eventName, namespace },
        involvedObject: { apiVersion: "v1", kind: "Pod", namespace, name, uid },
        type,
        reason,
        message: message.slice(0, 1024),
        source: { component: "node-agent", host: nodeName },
        reportingComponent: "node-agent",
        firstTimestamp: now,
        lastTimestamp: now,
        count: 1,
      });
    };
    const queued = (queues.get(eventName) ?? Promise.resolve()).then(write).catch((error: Error) => {
      log(`event ${reason} for ${namespace}/${name}: ${error.message}`);
    });
    queues.set(eventName, queued);
    void queued.then(() => {
      if (queues.get(eventName) === queued) queues.delete(eventName);
    });
  };
}
