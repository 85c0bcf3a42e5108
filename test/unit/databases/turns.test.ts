import { expect, test } from "vitest";
import { inTurn } from "../../../components/databases/turns.ts";
import type { DatabaseRole } from "../../../config/databases-settings.ts";

const one = (name: string, rotationSchedule: string, twin?: string): DatabaseRole => ({
  ...{ kind: "static", name, username: name, rotationSchedule },
  ...(twin === undefined ? {} : { twin }),
});
/** Their turns are on the 1st and on the 15th of each month, in UTC. */
const [first, fifteenth] = [one("web-a", "0 3 1 * *", "web-b"), one("web-b", "0 3 15 * *", "web-a")];
const madeOn = (time: string, roles: readonly DatabaseRole[]) =>
  inTurn(roles, new Date(time)).map(({ name }) => name);

test.each([
  ["2026-11-02T00:00:00Z", ["web-b", "web-a"]],
  ["2026-11-15T02:59:59Z", ["web-b", "web-a"]],
  ["2026-11-15T03:00:00Z", ["web-a", "web-b"]],
  ["2026-11-30T00:00:00Z", ["web-a", "web-b"]],
])(
  "of two that are made %s, the one whose turn comes later is made last, and so is in use",
  (time, names) => {
    expect(madeOn(time, [first, fifteenth])).toEqual(names);
    expect(madeOn(time, [fifteenth, first])).toEqual(names);
  },
);

test("what takes no turns with another stays where it is, before those that do", () => {
  const alone = [one("z", "0 3 1 * *"), one("a", "0 3 15 * *")];
  expect(madeOn("2026-11-02T00:00:00Z", [first, ...alone, fifteenth])).toEqual(["z", "a", "web-b", "web-a"]);
});
