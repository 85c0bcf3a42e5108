import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { VaultClient } from "../../../clients/vault.ts";

it("takes a standby's redirect for the refusal that it is", async () => {
  const server = createServer((_, response) => {
    response.writeHead(307, { Location: "https://127.0.0.1:1/v1/kv/data/a" }).end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = new VaultClient({ address: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
  onTestFinished(async () => {
    await client.close();
    server.close();
  });
  await expect(client.write("kv/data/a", {})).rejects.toThrow(
    "Vault answered 307 to POST kv/data/a: the node that answered is a standby and cannot reach the active node",
  );
  await expect(client.read("kv/data/a")).rejects.toMatchObject({ status: 307 });
});
