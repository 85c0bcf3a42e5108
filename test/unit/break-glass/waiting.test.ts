import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it, onTestFinished, vi } from "vitest";
import { RecordedVault, Recorder } from "../../../cli/break-glass/recorder.ts";

it("a command that waits for Vault says so after two seconds, with what keeps it, and not once for each request", async () => {
  let asked = 0;
  const server = createServer((_, response) => {
    asked += 1;
    response.writeHead(asked <= 8 ? 503 : 200).end(JSON.stringify({ errors: ["Vault is sealed"] }));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const vault = new RecordedVault({ address }, new Recorder());
  const told = vi.spyOn(console, "error").mockImplementation(() => {});
  onTestFinished(async () => {
    told.mockRestore();
    await vault.close();
    server.close();
  });
  await Promise.all([vault.read("kv/data/a"), vault.read("kv/data/b")]);
  expect(told.mock.calls).toEqual([
    [
      expect.stringMatching(
        /^break-glass: 2 s: waiting for Vault: Vault answered 503 to GET kv\/data\/[ab]: Vault is sealed$/,
      ),
    ],
  ]);
});
