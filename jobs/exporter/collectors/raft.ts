import { z } from "zod";
import { goSeconds } from "../go-seconds.ts";
import type { Collector, RaftMember } from "../seen.ts";
import { type ExporterVault, errorsOf, refused } from "../vault.ts";

const PATH = "sys/storage/raft/autopilot/state";

const member = z.object({ healthy: z.boolean(), last_contact: z.string(), last_index: z.number() });
const state = z.object({
  data: z.object({ leader: z.string(), servers: z.record(z.string(), member) }),
});

/** How far each member of the raft is behind its leader; none where Vault stores elsewhere. */
export function raftCollector(vault: Pick<ExporterVault, "ask">): Collector {
  return async () => {
    const answer = await vault.ask(PATH);
    const parsed = state.safeParse(answer.json);
    if (answer.status === 200 && parsed.success) return { seen: { raft: membersOf(parsed.data.data) } };
    if (errorsOf(answer).some((text) => text.includes("raft storage is not in use"))) {
      return { seen: { raft: [] } };
    }
    throw refused(PATH, answer);
  };
}

function membersOf({ leader, servers }: z.output<typeof state>["data"]): readonly RaftMember[] {
  const newest = servers[leader]?.last_index ?? 0;
  return Object.entries(servers).map(([node, { healthy, last_contact, last_index }]) => ({
    node,
    healthy,
    lagEntries: Math.max(0, newest - last_index),
    lastContactSeconds: goSeconds(last_contact),
  }));
}
