import { describe, expect, it } from "vitest";
import { parseSettings } from "../../../config/parse.ts";
import { withSecret } from "./declarations.ts";

/** As providers issue them: one run, base64 with a slash, and one with a '#'. */
const pasted = [
  "sk-example-0123456789abcdef",
  "Zm9vYmFyYmF6cXV4cXV1eHF1dXg/Y29yZ2U=",
  "aB3dE6gH9jK2mN5pQ8sT1vW4x7#yZ!",
];

function messageOf(reference: unknown): string {
  try {
    parseSettings(withSecret({ data: { api_key: reference } }), "Pulumi.dev.yaml");
  } catch (error) {
    return String(error);
  }
  throw new Error("it was accepted");
}

describe("a value pasted where its place belongs", () => {
  it.each(pasted)("is refused and not shown (%#)", (value) => {
    const message = messageOf(value);
    expect(message).toContain("not shown");
    expect(message).not.toContain(value.slice(0, 12));
  });

  it("is not shown in the long form either", () => {
    const message = messageOf({ remoteRef: { key: `${pasted[1]}`, property: "api_key" } });
    expect(message).toContain("not shown");
    expect(message).not.toContain("Zm9vYmFy");
  });
});
