import { expect, it, onTestFinished } from "vitest";
import { refuseOwnRoot, requestOf } from "../../../cli/pki/commands.ts";
import { withVault } from "../../../clients/vault.ts";
import { fakeServer } from "../preflight/fake-server.ts";
import { pkiSettings } from "./declarations.ts";

const own = pkiSettings().pki;
const outside = pkiSettings({ root: undefined, external: {} }).pki;
if (own === undefined || outside === undefined) throw new Error("no pki is declared");

it("csr is refused, before Vault is asked, where the stack's own root signs", () => {
  expect(() => refuseOwnRoot(own, "dev")).toThrow(
    /pki\.external.*Pulumi\.dev\.yaml declares pki\.root.*nothing to request/,
  );
  expect(() => refuseOwnRoot(outside, "dev")).not.toThrow();
});

it.each([
  [
    403,
    ["permission denied"],
    /"update" on "pki-int\/issuers\/generate\/intermediate\/existing" \(a deployer has it\)/,
  ],
  [
    400,
    ["unable to find PKI key for reference: int-g1"],
    /no key int-g1 in pki-int yet: run pulumi up first/,
  ],
] as const)("csr says what to do about a %i", async (status, errors, message) => {
  const server = await fakeServer({
    "POST /v1/pki-int/issuers/generate/intermediate/existing": [status, { errors }],
  });
  onTestFinished(() => server.close());
  await expect(withVault({ address: server.address }, (vault) => requestOf(vault, outside))).rejects.toThrow(
    message,
  );
});
