import { describe, expect, it } from "vitest";
import { missingText } from "../../../cli/secrets/report.ts";

const report = {
  missing: [
    { mount: "kv", path: "llm/openai", property: "api_key", reason: "no secret", externalSecrets: [] },
  ],
  unseen: [],
} as const;

describe("missingText", () => {
  it("names the command that puts the value, into the stack that was asked about", () => {
    expect(missingText(report, "dev")).toMatch(/npm run secrets -- put llm\/openai$/);
    expect(missingText(report, "prod")).toMatch(/npm run secrets -- put llm\/openai --stack prod$/);
  });
});
