import { describe, expect, it } from "vitest";
import { accessDiff } from "../../../access/diff.ts";
import type { Difference } from "../../../access/live.ts";
import { accessMatrix } from "../../../access/matrix.ts";
import { codeSpan, say } from "../../../access/words.ts";
import { diffMarkdown, diffText } from "../../../cli/access/diff-text.ts";
import { liveMarkdown, liveText } from "../../../cli/access/live-text.ts";
import { matrixMarkdown, matrixText } from "../../../cli/access/matrix-text.ts";
import { namespaceOf, stackOf } from "./declarations.ts";

const shop = accessMatrix(
  stackOf({
    shop: namespaceOf({ cart: ["a"], mail: ["b", "s/hared"] }),
    user: namespaceOf({ web: ["s/hared"] }),
  }),
);

describe("the matrix", () => {
  it("is a table for each namespace: paths down, services across", () => {
    const text = matrixText(shop);
    expect(text).toMatch(/^dev: 2 logins, 3 services, 3 paths$/m);
    expect(text).toMatch(
      /service account shop\/vault-store logs in as role voyager-platform-shop: policies voyager/,
    );
    expect(text).toMatch(/│ path +│ cart │ mail │/);
    expect(text).toMatch(/│ kv\/a +│ ● +│ ○ +│/);
    expect(text).toMatch(/│ kv\/b +│ ○ +│ ● +│/);
  });

  it("points out what several logins read", () => {
    expect(matrixText(shop)).toMatch(
      /Read by several logins:\n {2}kv\/s\/hared: shop\/vault-store, user\/vault-store/,
    );
    expect(matrixMarkdown(shop)).toContain("`kv/s/hared` is read by several logins");
  });

  it("names services instead of columns where these would not fit a screen", () => {
    const names = Array.from({ length: 40 }, (_, index) => `service-${String(index).padStart(2, "0")}`);
    const wide = accessMatrix(
      stackOf({ big: namespaceOf(Object.fromEntries(names.map((name) => [name, [`of/${name}`]]))) }),
    );
    const text = matrixText(wide);
    const tableLines = text.split("\n").filter((line) => line.startsWith("│"));
    expect(tableLines[0]).toMatch(/path.*declared by.*also in reach of/);
    expect(tableLines[1]).toMatch(/kv\/of\/service-00.*service-00.*39 other services/);
    expect(Math.max(...tableLines.map((line) => line.length))).toBeLessThan(110);
  });

  it("says which services have no login, and which logins read nothing", () => {
    const text = matrixText(
      accessMatrix(
        stackOf({ a: namespaceOf({ one: ["x"], idle: [] }, { isolation: "service" }), b: namespaceOf({}) }),
      ),
    );
    expect(text).toContain("idle has no secrets and no login");
    expect(text).toContain("namespace b\n");
    expect(text).toContain("no path declared");
  });
});

describe("a diff", () => {
  const before = stackOf({ llm: namespaceOf({ api: ["a", "b"] }) });
  const changes = accessDiff(before, stackOf({ llm: namespaceOf({ api: ["a", "c"] }) }));
  const compared = { stack: "dev", ref: "origin/main" };

  it("has a mark for each risk", () => {
    expect(diffText(changes, compared)).toBe(
      [
        "dev: access since origin/main (+ wider, ~ different, - narrower)",
        "  + llm may now read kv/c (declared by api)",
        "  - llm may no longer read kv/b",
      ].join("\n"),
    );
  });

  it("has a heading for each risk in Markdown", () => {
    expect(diffMarkdown(changes, compared)).toBe(
      [
        "### Access: stack `dev`",
        "**Wider: somebody gets more**",
        "- `llm` may now read `kv/c` (declared by `api`)",
        "**Narrower**",
        "- `llm` may no longer read `kv/b`",
      ].join("\n\n"),
    );
  });

  it("says so when there is none", () => {
    expect(diffText([], compared)).toBe("dev: no change in access since origin/main");
    expect(diffMarkdown([], compared)).toContain("No change in access.");
  });

  it("lets no declared text become markup", () => {
    const sentence = say`group: ${"`@everyone` <b>\n# x | y"} is new`;
    expect(sentence.markdown).toBe("group: `` `@everyone` <b> # x ¦ y `` is new");
    expect(codeSpan("plain")).toBe("`plain`");
  });
});

describe("a live check's outcome", () => {
  const report = {
    address: "https://v",
    logins: 2,
    asked: 2,
    cells: 4,
    beyond: 60,
    differences: [],
    notEnded: [],
  };
  const differing = (kind: Difference["kind"], at: string): Difference => ({
    namespace: "llm",
    serviceAccount: "vault-store",
    role: "r",
    at,
    kind,
    expected: ["deny"],
    found: ["read"],
  });

  it("says what was asked, and that all is as declared", () => {
    expect(liveText(report)).toBe(
      "Asked https://v about 2 logins: 4 cells of the matrix, and 60 answers beyond it. No value was read.\nAll as declared.",
    );
    expect(liveMarkdown(report)).toContain("All as declared.");
  });

  it("says how many logins it could ask about", () => {
    expect(liveText({ ...report, asked: 1, cells: 2 })).toContain("about 1 of 2 logins: 2 cells");
  });

  it("shows every differing cell, and of a wildcard's thousands the first few", () => {
    const beyond = Array.from({ length: 1_000 }, (_, index) => differing("beyond", `kv/metadata/${index}`));
    const cells = Array.from({ length: 30 }, (_, index) => differing("matrix", `kv/data/${index}`));
    const text = liveText({ ...report, differences: [...beyond, ...cells] });
    expect(text.match(/kv\/data\/\d+/g)).toHaveLength(30);
    expect(text.match(/kv\/metadata\/\d+/g)).toHaveLength(5);
    expect(text).toContain("1030 differences");
    expect(text).toContain("995 more beyond the matrix: --json has them all.");
  });

  it("says which token could not be ended", () => {
    expect(liveText({ ...report, notEnded: ["a/b"] })).toContain("The token of a/b could not be ended");
  });
});
