import { expect, test } from "vitest";
import { Log } from "../../../jobs/shared/log.ts";

test.each(["sk-plain-0123456789", 'sk-"quoted"-0123456789', "sk-back\\slash-0123456789"])(
  "a known value is taken out of a step, alone and in a list: %s",
  (value) => {
    const lines: string[] = [];
    const log = new Log({ key: "openai" }, (line) => lines.push(line));
    log.secrets.add(value);
    log.step("failed", { note: `found ${value} there`, names: [value], count: 1 });
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      { step: "failed", key: "openai", note: "found [value] there", names: ["[value]"], count: 1 },
    ]);
  },
);
