import { describe, expect, it } from "vitest";
import { missingText } from "../../../cli/secrets/report.ts";
import type { MissingReport } from "../../../cli/secrets/values.ts";

const report: MissingReport = {
  missing: [
    {
      ...{ mount: "kv", path: "llm/openai", property: "api_key" },
      ...{ reason: "no secret", externalSecrets: [], rotations: ["openai-llm"] },
    },
  ],
  unseen: [],
};

describe("missingText", () => {
  it("names the command that puts the value, into the stack that was asked about", () => {
    expect(missingText(report, "dev")).toMatch(/npm run secrets -- put llm\/openai$/);
    expect(missingText(report, "dev")).toContain("rotation openai-llm");
    expect(missingText(report, "prod")).toMatch(/npm run secrets -- put llm\/openai --stack prod$/);
  });
});
