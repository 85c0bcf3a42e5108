import { describe, expect, test } from "vitest";
import { formatToolchain } from "../../../sandbox/toolchain/main.ts";
import { type BuildProgress, renderProgress } from "../../../sandbox/toolchain/progress.ts";
import { type ServerName, servers } from "../../../sandbox/toolchain/servers.ts";

const build = (kind: "started" | "running" | "finished" | "failed", elapsedMs: number): BuildProgress => ({
  kind,
  server: "vault",
  index: 2,
  total: 4,
  elapsedMs,
});

function render(isTTY: boolean, events: readonly BuildProgress[]): string {
  let text = "";
  const show = renderProgress({ isTTY, write: (more) => (text += more) });
  for (const event of events) show(event);
  return text;
}

describe("progress", () => {
  test("elsewhere than on a terminal: a line at the start, every 30 s, and at the end", () => {
    const seconds = Array.from({ length: 65 }, (_, index) => build("running", (index + 1) * 1000));
    expect(render(false, [build("started", 0), ...seconds, build("finished", 65_500)]).split("\n")).toEqual([
      "[2/4] building vault from source, 2 more after it, 0s",
      "[2/4] building vault from source, 2 more after it, 30s",
      "[2/4] building vault from source, 2 more after it, 1m 00s",
      "[2/4] built vault in 1m 05s",
      "",
    ]);
  });

  test("on a terminal: one line, written anew", () => {
    const text = render(true, [build("started", 0), build("running", 1000), build("failed", 2000)]);
    expect(text.split("\r\u001b[2K")).toEqual([
      "",
      "[2/4] building vault from source, 2 more after it, 0s",
      "[2/4] building vault from source, 2 more after it, 1s",
      "[2/4] building vault failed after 2s\n",
    ]);
  });

  test("a binary that is not taken is named with the reason", () => {
    const event = {
      kind: "passed-over",
      server: "helm",
      path: "/x/helm",
      reason: "it is v4.0.0, wanted 3.19",
    } as const;
    expect(render(false, [event])).toBe("not using /x/helm: it is v4.0.0, wanted 3.19\n");
  });
});

test("the table has a row for each server, the chart and the CRDs", () => {
  const each = <T>(value: (name: ServerName) => T) =>
    Object.fromEntries(servers.map(({ name }) => [name, value(name)])) as Record<ServerName, T>;
  const table = formatToolchain({
    binaries: each((name) => `/c/${name}`),
    origins: each(() => "built" as const),
    chart: "/c/chart",
    crds: "/c/crds.yaml",
  });
  expect(table.split("\n")).toContain("vault                    built   /c/vault");
  expect(table.split("\n")).toHaveLength(servers.length + 4);
});
