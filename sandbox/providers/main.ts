import { parseArgs } from "node:util";
import { startProvider } from "./server.ts";

/** An emulated provider as a process of its own: `ADMIN_KEY=... node sandbox/providers/main.ts --port <port>`. */
const { values } = parseArgs({ options: { port: { type: "string", default: "0" } } });
const adminKey = process.env.ADMIN_KEY;
if (adminKey === undefined || adminKey === "") {
  console.error("ADMIN_KEY is missing: the credential that may manage keys");
  process.exit(2);
}
const { address } = await startProvider(adminKey, Number(values.port));
console.log(address);
