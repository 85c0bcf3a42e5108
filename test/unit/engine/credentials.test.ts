import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { expect, it, vi } from "vitest";
import { programEnvironment } from "../../../sandbox/engine/credentials.ts";
import { describedSandbox } from "./sandbox.ts";

it.each(["deployer", "previewer"] as const)(
  "runs the program as the %s and nobody else",
  async (operator) => {
    const sandbox = describedSandbox();
    for (const [holder, file] of Object.entries(sandbox.vault.tokens)) {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, `token of the ${holder}`);
    }
    vi.stubEnv("VAULT_NAMESPACE", "theirs");
    vi.stubEnv("KUBECONFIG", "/home/somebody/.kube/config");
    vi.stubEnv("PULUMI_ACCESS_TOKEN", "theirs");
    const environment = await programEnvironment(sandbox, operator).finally(() => vi.unstubAllEnvs());
    expect(environment).toMatchObject({
      VAULT_ADDR: sandbox.vault.address,
      VAULT_TOKEN: `token of the ${operator}`,
      KUBECONFIG: sandbox.kubernetes.kubeconfigs[operator],
    });
    const own = ["HOME", "KUBECONFIG", "LANG", "NODE_COMPILE_CACHE", "NO_COLOR", "PATH", "TERM", "TMPDIR"];
    const names = Object.keys(environment).filter((name) => !own.includes(name));
    expect(names.toSorted()).toEqual(["VAULT_ADDR", "VAULT_CACERT", "VAULT_TOKEN"]);
  },
);

it("says what to do where the operators were never set up", async () => {
  await expect(programEnvironment(describedSandbox(), "deployer")).rejects.toThrow(
    /deployer\.token is missing/,
  );
});
