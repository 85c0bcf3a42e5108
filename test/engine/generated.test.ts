import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { down, type RunningSandbox, reset, up } from "../../sandbox/sandbox.ts";
import { scanner } from "../canaries/scan.ts";
import { scanFolder } from "../sandbox/canaries/files.ts";
import { generatedChecks, generatedPath, generatedStack } from "../sandbox/generated/checks.ts";
import {
  declarationWith,
  deploy,
  type Edit,
  type Fields,
  type Ground,
  projectFolder,
  rootVault,
  valueInVault,
} from "../sandbox/main-job/ground.ts";
import { engine, missing, portBase, root, titled } from "./own-sandbox.ts";
import { previewText } from "./preview-text.ts";

describe.skipIf(missing.length > 0)(titled("generated values, with the engine pulumi"), () => {
  let ground: Ground;
  let sandbox: RunningSandbox;

  beforeAll(async () => {
    process.env.SANDBOX_PORT_BASE = String(portBase);
    await reset({ root });
    sandbox = await up({ root });
    ground = { engine, sandbox, vault: await rootVault(sandbox) };
  });

  afterAll(async () => {
    await ground.vault.close();
    await down({ root });
  });

  generatedChecks(async () => ground);

  const stack = async (edit: Edit) => ({ sandbox, declaration: await declarationWith(sandbox, edit) });
  const password = (fields: Fields) => generatedStack({ password: fields });
  const value = () => valueInVault(ground, generatedPath, "password");
  const version = async () =>
    Number((await ground.vault.read(`kv/metadata/${generatedPath}`))?.current_version ?? 0);

  it("previews no changes after `up`, refreshed as well, though nobody may read the value", async () => {
    await deploy(ground, password({ epoch: 6 }));
    expect(await version()).toBe(6);
    await engine.refresh(await stack(password({ epoch: 6 })));
    const { changes } = await engine.preview(await stack(password({ epoch: 6 })), {
      refresh: true,
      expectNoChanges: true,
      policyPacks: [join(projectFolder, "policy")],
    });
    expect(changes).toMatchObject({ created: 0, updated: 0, deleted: 0 });
    expect(await version()).toBe(6);
  });

  it("keeps the value in the state, encrypted, and shows it in no preview, file or log", async () => {
    const made = String(await value());
    const state = await engine.exportState(await stack(password({ epoch: 6 })));
    expect(state.includes(made)).toBe(true);
    const scan = scanner({ value: made });
    expect(await scanFolder(join(root, "pulumi"), scan)).toEqual({});
    const preview = await engine.preview(await stack(password({ epoch: 7 })));
    expect(scan(JSON.stringify(preview) + (await previewText(sandbox)))).toEqual([]);
    expect(preview.planned.filter(({ action }) => action !== "same").map(({ type }) => type)).toEqual(
      expect.arrayContaining(["random:index/randomPassword:RandomPassword", "vault:kv/secretV2:SecretV2"]),
    );
  });

  it("says in the preview already that somebody else wrote", async () => {
    const made = { options: { cas: 6 }, data: { password: "by hand" } };
    await ground.vault.write(`kv/data/${generatedPath}`, made);
    await expect(engine.preview(await stack(password({ epoch: 6 })))).rejects.toThrow(
      /version 7 at kv\/generated\/db.*epoch: 8/s,
    );
  });

  it("lets Vault refuse what a hand has written in the meantime, under the very number that was next", async () => {
    await expect(deploy(ground, password({ epoch: 7 }))).rejects.toThrow(
      /check-and-set parameter did not match the current version/,
    );
    expect(await value()).toBe("by hand");
    expect(await version()).toBe(7);
  });

  it("lets Vault refuse another length without another epoch", async () => {
    await deploy(ground, password({ epoch: 8 }));
    const before = await value();
    await expect(deploy(ground, password({ epoch: 8, length: 40 }))).rejects.toThrow(
      /check-and-set parameter/,
    );
    expect((await value()) === before).toBe(true);
    await deploy(ground, password({ epoch: 9, length: 40 }));
    expect(String(await value())).toHaveLength(40);
  });

  it("leaves the other values of the path as they are when one gets an epoch", async () => {
    const both = (fields: Fields) => generatedStack({ password: { epoch: 9, length: 40 }, token: fields });
    const before = await value();
    await deploy(ground, both({ epoch: 10 }));
    await deploy(ground, both({ epoch: 11 }));
    expect((await value()) === before).toBe(true);
    expect(await version()).toBe(11);
  });
});
