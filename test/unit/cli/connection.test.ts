import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { vaultConnection, vaultServer } from "../../../cli/connection.ts";
import { VaultUnreachableError, withVault } from "../../../clients/vault.ts";
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
    expect(await vaultConnection(vault, { VAULT_TOKEN: "t", VAULT_ADDR: "" }, home)).toMatchObject({
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
      advice: {},
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

  it("says with a Vault that is away where its address came from, and only if it was not the environment", async () => {
    const away = async (environment: Record<string, string>) =>
      withVault(
        await vaultConnection({ ...vault, address: "http://127.0.0.1:1" }, environment, home),
        (client) => client.read("sys/mounts"),
      );
    await expect(away({ VAULT_TOKEN: "t" })).rejects.toThrow(
      /cannot be reached: .*ECONNREFUSED.*vault\.address of Pulumi\.<stack>\.yaml, since VAULT_ADDR is not set.*sandbox -- env/,
    );
    await expect(away({ VAULT_TOKEN: "t", VAULT_ADDR: "http://127.0.0.1:1" })).rejects.toThrow(
      /^Vault at http:\/\/127\.0\.0\.1:1 cannot be reached: [^.]*127\.0\.0\.1:1$/,
    );
  });

  it("names VAULT_CACERT where a certificate is not trusted, and only if it is not set", async () => {
    const cause = Object.assign(new Error("self-signed certificate"), {
      code: "DEPTH_ZERO_SELF_SIGNED_CERT",
    });
    const message = async (environment: Record<string, string>) => {
      const { address, advice } = await vaultServer(vault, environment);
      return new VaultUnreachableError(address, cause, advice).message;
    };
    expect(await message({})).toMatch(/self-signed certificate.*VAULT_CACERT is not set.*names a file/);
    const file = join(home, "its-own.pem");
    await writeFile(file, "other");
    expect(await message({ VAULT_CACERT: file })).toMatch(/\[DEPTH_ZERO_SELF_SIGNED_CERT\]$/);
  });
});
