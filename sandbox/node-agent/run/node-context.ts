import type { KubeClient } from "../api/client.ts";
import type { RecordEvent } from "../api/events.ts";
import type { ImageMap } from "../plan/image.ts";
import type { PortPool } from "./port-pool.ts";
import type { ProcessRecords } from "./records.ts";

/** What all pods of the node share. */
export type NodeContext = {
  readonly client: KubeClient;
  readonly images: ImageMap;
  readonly podsDir: string;
  readonly logsDir: string;
  /** Where changed copies of binaries are kept. */
  readonly binariesDir: string;
  /** The PATH that processes get. */
  readonly path: string;
  readonly ports: PortPool;
  readonly records: ProcessRecords;
  readonly event: RecordEvent;
  readonly log: (line: string) => void;
};
