import { afterAll, beforeAll, beforeEach } from "vitest";
import { type RunningProvider, startProvider } from "../../../sandbox/providers/server.ts";
import { type Recorder, startRecorder } from "./recorder.ts";

export interface Recorded {
  readonly provider: RunningProvider;
  readonly recorder: Recorder;
}

/** The emulated provider behind a recorder for all tests of a file, without keys, faults and recordings before each. */
export function recordedProvider(adminKey: string, project: string): Recorded {
  let recorded: Recorded | undefined;
  const started = () => {
    if (recorded === undefined) throw new Error("the provider runs within tests alone");
    return recorded;
  };
  beforeAll(async () => {
    const provider = await startProvider(adminKey);
    recorded = { provider, recorder: await startRecorder(provider.address) };
  });
  afterAll(async () => {
    await recorded?.recorder.close();
    await recorded?.provider.close();
  });
  beforeEach(() => {
    const { provider, recorder } = started();
    const { keys, faults } = provider.state;
    for (const { id } of keys.accounts(project)) keys.deleteAccount(project, id);
    faults.clear();
    recorder.taken();
  });
  return {
    get provider() {
      return started().provider;
    },
    get recorder() {
      return started().recorder;
    },
  };
}
