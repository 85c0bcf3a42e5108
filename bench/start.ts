import { reset, status } from "../sandbox/sandbox.ts";
import { start } from "../sandbox/start/start.ts";
import type { Step } from "../sandbox/start/steps.ts";

/** Resident memory of one process at the end of the run. */
export interface ProcessMemory {
  readonly name: string;
  /** Pages that it shares with others included: the sum over all processes is an upper bound. */
  readonly residentBytes: number;
}

export interface StartMeasurement {
  readonly engine: string;
  /** From nothing running to every ExternalSecret Ready. */
  readonly totalMilliseconds: number;
  readonly steps: readonly Step[];
  readonly processes: readonly ProcessMemory[];
  readonly residentBytes: number;
}

/** Measures `npm start` with nothing running, in a sandbox of its own below `root`, which is deleted before. It is left running. */
export async function measureStart(root: string, report: (line: string) => void): Promise<StartMeasurement> {
  await reset({ root });
  const begun = performance.now();
  const { engine, steps } = await start({ root, report });
  const totalMilliseconds = Math.round(performance.now() - begun);
  const { processes, pods } = await status({ root });
  const memory = [...processes, ...pods].map(({ name, residentBytes }) => ({ name, residentBytes }));
  return {
    engine,
    totalMilliseconds,
    steps,
    processes: memory,
    residentBytes: memory.reduce((sum, { residentBytes }) => sum + residentBytes, 0),
  };
}
