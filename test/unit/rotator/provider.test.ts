import { expect, it } from "vitest";
import { ProviderClient } from "../../../jobs/rotator/providers/provider.ts";

it("a provider that nobody reaches is told of in words that hold in a pod and in an operator's shell", async () => {
  const client = new ProviderClient({}, { request: 5, retry: 0, test: 1, sync: 1 });
  const request = { method: "GET", url: "http://127.0.0.1:1/keys", headers: {} } as const;
  const asked = client.ask("list keys", request, { again: true, success: [200] });
  await expect(asked).rejects.toThrow(/can be reached from here; another run goes on from here/);
  await expect(asked).rejects.not.toThrow(/pod|next run/);
});
