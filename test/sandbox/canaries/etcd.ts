import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Agent, request } from "undici";
import { planPorts } from "../../../sandbox/processes/ports.ts";
import type { RunningSandbox } from "../../../sandbox/sandbox.ts";
import { testPortBase } from "../harness.ts";

/** An object as the API server stores it; each character of `stored` is a byte. */
export interface StoredObject {
  readonly key: string;
  readonly stored: string;
}

/** All keys with a prefix that ends with a slash, read with the API server's own certificate. */
export async function etcdRange(
  { paths: { caFile, certificates } }: RunningSandbox,
  prefix: string,
): Promise<readonly StoredObject[]> {
  const files = [caFile, ...["crt", "key"].map((end) => join(certificates, `etcd-client.${end}`))];
  const [ca, cert, key] = await Promise.all(files.map((file) => readFile(file)));
  const dispatcher = new Agent({ connect: { ca, cert, key } });
  const end = `${prefix.slice(0, -1)}0`; // the character after the slash
  const answer = await request(`https://127.0.0.1:${planPorts(testPortBase).etcdClient}/v3/kv/range`, {
    dispatcher,
    method: "POST",
    body: JSON.stringify({ key: btoa(prefix), range_end: btoa(end) }),
  });
  const { kvs } = (await answer.body.json()) as { kvs: { key: string; value: string }[] };
  await dispatcher.close();
  return kvs.map((entry) => ({ key: atob(entry.key), stored: atob(entry.value) }));
}
