import { endLeftovers } from "./node-agent/run/records.ts";
import { withLock } from "./processes/lock.ts";
import { stopProcess } from "./processes/stop.ts";
import { stopOrder } from "./services.ts";
import { deleteState, isSandbox, sandboxPaths } from "./state.ts";

export interface DownOptions {
  /** The folder of the state. @default SANDBOX_STATE, else `.sandbox` in the repository */
  readonly root?: string;
  /** Told what is being done, one line at a time. @default nobody is told */
  readonly report?: (step: string) => void;
}

/** A server has nothing to lose but open requests; pods may take the node agent a while. In milliseconds. */
const graceMs = 10_000;
const nodeAgentGraceMs = 30_000;

/** Ends the processes that `up` started, and no other. The state stays. Returns the names of those it ended. */
export async function down(options: DownOptions = {}): Promise<readonly string[]> {
  const paths = sandboxPaths(options.root);
  if (!(await isSandbox(paths))) return [];
  return withLock(paths.lock, async () => {
    const ended: string[] = [];
    for (const group of stopOrder) {
      await Promise.all(
        group.map(async (name) => {
          const grace = name === "node-agent" ? nodeAgentGraceMs : graceMs;
          if (!(await stopProcess(paths, name, grace))) return;
          ended.push(name);
          options.report?.(`Ended ${name}`);
        }),
      );
      // Pods of an agent that was killed before it could end them.
      if (group.includes("node-agent")) await endLeftovers(paths.node);
    }
    return ended;
  });
}

/** Ends the processes, then deletes the state, all data of Vault and Kubernetes with it. */
export async function reset(options: DownOptions = {}): Promise<readonly string[]> {
  const ended = await down(options);
  await deleteState(sandboxPaths(options.root));
  return ended;
}
