import { describe, expect, it } from "vitest";
import {
  claimed,
  emptyMemory,
  keptDenials,
  memorySchema,
  openCount,
  othersAtWork,
  replaced,
  SILENCE_MS,
} from "../../../cli/break-glass/memory.ts";
import { incident, wanted } from "./declarations.ts";

const NOW = new Date("2026-11-27T03:14:05.000Z");

describe("Vault's memory of incidents", () => {
  it("gives an incident an id that can be read aloud, and another to the next of the same second", () => {
    const first = claimed(emptyMemory, wanted, NOW);
    expect(first.incident.id).toBe("20261127-031405");
    const other = claimed(first.memory, { ...wanted, apiPath: "kv/data/other" }, NOW);
    expect(other.incident.id).toBe("20261127-031405-2");
    expect(memorySchema.safeParse(JSON.parse(JSON.stringify(other.memory))).success).toBe(true);
  });

  it("has a second run of the same path go on with the first one's incident, and ask for no less", () => {
    const first = claimed(emptyMemory, { ...wanted, provider: true, freeze: "llm" }, NOW);
    const second = claimed(first.memory, { ...wanted, run: "run-2" }, NOW);
    expect(second.memory.incidents).toHaveLength(1);
    expect(second.incident).toMatchObject({
      id: first.incident.id,
      run: "run-2",
      provider: true,
      freeze: "llm",
    });
  });

  it("begins another incident once the first is closed", () => {
    const closed = incident({ closedAt: NOW.toISOString() });
    expect(claimed({ format: 1, incidents: [closed] }, wanted, NOW).memory.incidents).toHaveLength(2);
  });

  it("keeps a run on another path out while one is at work, and no longer than a minute after it was last seen", () => {
    const memory = { format: 1, incidents: [incident({ ended: false })] } as const;
    const at = (milliseconds: number) => new Date(NOW.getTime() + milliseconds);
    expect(othersAtWork(memory, "kv/data/other", at(SILENCE_MS - 1))?.id).toBe("20261127-031405");
    expect(othersAtWork(memory, "kv/data/other", at(SILENCE_MS))).toBeUndefined();
    expect(othersAtWork(memory, wanted.apiPath, at(1))).toBeUndefined();
    const ended = { format: 1, incidents: [incident({})] } as const;
    expect(othersAtWork(ended, "kv/data/other", at(1))).toBeUndefined();
  });

  it("counts what is open for the alert, drills left out", () => {
    const incidents = [
      incident({}),
      incident({ id: "b", drill: true }),
      incident({ id: "c", closedAt: NOW.toISOString() }),
    ];
    expect(openCount({ format: 1, incidents })).toBe(1);
  });

  it("says what other open incidents need of a group", () => {
    const denial = { group: 1, paths: ["kv/data/a"], members: ["e1"] };
    const memory = {
      format: 1,
      incidents: [
        incident({ denial }),
        incident({ id: "b", denial }),
        incident({ id: "c", denial, closedAt: NOW.toISOString() }),
      ],
    } as const;
    expect(keptDenials(memory, "20261127-031405", 1)).toEqual({ paths: ["kv/data/a"], members: ["e1"] });
    expect(keptDenials(memory, "20261127-031405", 2)).toEqual({ paths: [], members: [] });
  });

  it("forgets the oldest closed incidents, and no open one", () => {
    const many = Array.from({ length: 30 }, (_, n) =>
      incident({
        id: `i${n}`,
        openedAt: new Date(NOW.getTime() + n).toISOString(),
        closedAt: NOW.toISOString(),
      }),
    );
    const { incidents } = replaced({ format: 1, incidents: many }, incident({ id: "open" }));
    expect(incidents).toHaveLength(21);
    expect(incidents.map(({ id }) => id)).toEqual(expect.arrayContaining(["open", "i29"]));
    expect(incidents.map(({ id }) => id)).not.toContain("i0");
  });
});
