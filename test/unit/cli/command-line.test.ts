import { expect, it } from "vitest";
import { DeniedGroups } from "../../../cli/break-glass/denied-groups.ts";
import { outcomeText } from "../../../cli/break-glass/result-text.ts";
import { requireRights } from "../../../cli/break-glass/rights.ts";
import type { Scene } from "../../../cli/break-glass/scene.ts";
import { npmRun } from "../../../cli/command-line.ts";
import type { VaultClient } from "../../../clients/vault.ts";
import { settingsOf } from "../arbitrary-settings.ts";

it("names a stack that is not the one that is taken when none is named", () => {
  expect(npmRun("dev", "status")).toBe("npm run status");
  expect(npmRun("prod", "status")).toBe("npm run status -- --stack prod");
  expect(npmRun("dev", "drift", "--nudge")).toBe("npm run drift -- --nudge");
  expect(npmRun("prod", "drift", "--nudge")).toBe("npm run drift -- --nudge --stack prod");
});

const settings = settingsOf("prod");

it("so does what break-glass says is to be run next", async () => {
  const outcome = {
    ...{ id: "20261127-031405", path: "llm/openai", drill: false, evidence: "file.json" },
    ...{ steps: [], notDone: [], deniedAfterMilliseconds: null },
  };
  expect(outcomeText(outcome, "prod")).toContain(
    "npm run secrets -- put llm/openai --stack prod, then, as break-glass-restore, " +
      "npm run break-glass -- restore 20261127-031405 --stack prod",
  );
  const refusing = { write: async () => ({ data: { "kv/data/a": ["deny"] } }) };
  const scene = { settings, stack: "prod", vault: refusing } as unknown as Scene;
  await expect(
    requireRights(scene, [{ path: "kv/data/a", capabilities: ["read"] }], "break-glass"),
  ).rejects.toThrow(/npm run bootstrap -- apply --stack prod brings/);
  const empty = { read: async () => undefined } as unknown as VaultClient;
  await expect(new DeniedGroups(empty, settings.environment, "prod").read(0)).rejects.toThrow(
    /npm run bootstrap -- apply --stack prod$/,
  );
});
