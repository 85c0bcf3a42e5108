import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { exportLines } from "../../../sandbox/commands/env.ts";
import { renderStatus } from "../../../sandbox/commands/status.ts";

describe("env", () => {
  test.each(["/plain/path", "/with space/and 'quote'", "$(id)`id`\\", "two\nlines", ""])(
    "a shell reads back %j",
    (value) => {
      const script = `${exportLines({ SANDBOX_VALUE: value })}\nprintf %s "$SANDBOX_VALUE"`;
      expect(execFileSync("/bin/sh", ["-c", script], { encoding: "utf8" })).toBe(value);
    },
  );
});

describe("status", () => {
  test("shows what runs, what does not, and the sum of the memory", () => {
    const text = renderStatus({
      root: "/state",
      summary: "partly up",
      processes: [
        {
          name: "vault-1",
          state: "sealed",
          pid: 11,
          address: "https://127.0.0.1:18201",
          residentBytes: 150 * 2 ** 20,
          log: "",
        },
        { name: "etcd", state: "dead", residentBytes: 0, log: "" },
      ],
      pods: [{ name: "external-secrets", pid: 12, residentBytes: 100 * 2 ** 20 }],
    });
    expect(text).toMatch(/vault-1 +│ +11 │ https:\/\/127\.0\.0\.1:18201 │ sealed +│ +150/);
    expect(text).toMatch(/etcd +│ +│ +│ dead +│ +│/);
    expect(text).toMatch(/pod: external-secrets +│ +12 │ +│ running │ +100/);
    expect(text).toContain("The sandbox in /state is partly up; 250 MiB resident in all.");
  });
});
