import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { type Backend, startForwarder } from "./forwarder.ts";
import { vaultHealthProbe } from "./health.ts";

const intervalMs = 300;
/** Longer than a busy machine takes to answer, shorter than a client's patience. */
const timeoutMs = 2_000;

const { values } = parseArgs({
  options: {
    port: { type: "string" },
    ca: { type: "string" },
    node: { type: "string", multiple: true },
  },
});
if (values.port === undefined || values.ca === undefined || values.node === undefined) {
  throw new Error("Usage: main.ts --port <port> --ca <file> --node <name>=<https address> [--node ...]");
}

const caPem = readFileSync(values.ca, "utf8");
const forwarder = await startForwarder({
  host: "127.0.0.1",
  port: Number(values.port),
  backends: values.node.map(parseNode),
  intervalMs,
  log: (line) => console.log(`${new Date().toISOString()} ${line}`),
});
process.once("SIGTERM", () => void forwarder.close().then(() => process.exit(0)));

function parseNode(text: string): Backend {
  const [name = "", address = ""] = text.split("=");
  const url = new URL(address);
  return { name, host: url.hostname, port: Number(url.port), probe: vaultHealthProbe(url, caPem, timeoutMs) };
}
