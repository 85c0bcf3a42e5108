import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { vaultConnection } from "../../../cli/connection.ts";
import { parseSettings } from "../../../config/parse.ts";
import { changed } from "../config/declarations.ts";

const pem = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n";
const { vault } = parseSettings(changed(["vault", "caCertificate"], pem), "Pulumi.test.yaml");

let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "connection-"));
});
afterAll(() => rm(home, { recursive: true }));

describe("vaultConnection", () => {
  it("takes address and CA from the stack, and the token from the environment", async () => {
    expect(await vaultConnection(vault, { VAULT_TOKEN: "t", VAULT_ADDR: "" }, home)).toEqual({
      address: "https://vault.voyager.internal",
      caPem: pem,
      token: "t",
    });
  });

  it("lets the environment come first", async () => {
    const file = join(home, "ca.pem");
    await writeFile(file, "other");
    const environment = { VAULT_TOKEN: "t", VAULT_ADDR: "https://127.0.0.1:1", VAULT_CACERT: file };
    expect(await vaultConnection(vault, environment, home)).toEqual({
      address: "https://127.0.0.1:1",
      caPem: "other",
      token: "t",
    });
  });

  it("takes the token that vault login left, and says what to do without one", async () => {
    await expect(vaultConnection(vault, {}, home)).rejects.toThrow(
      /No Vault token.*VAULT_TOKEN.*vault login/,
    );
    await writeFile(join(home, ".vault-token"), "from-file\n");
    expect(await vaultConnection(vault, {}, home)).toMatchObject({ token: "from-file" });
  });

  it("refuses to send a token in clear text, and names a CA file that is not there", async () => {
    const token = { VAULT_TOKEN: "t" };
    await expect(
      vaultConnection(vault, { ...token, VAULT_ADDR: "http://vault.internal" }, home),
    ).rejects.toThrow(/VAULT_ADDR must be https/);
    await expect(
      vaultConnection(vault, { ...token, VAULT_CACERT: join(home, "none") }, home),
    ).rejects.toThrow(/VAULT_CACERT names .*none/);
  });
});
