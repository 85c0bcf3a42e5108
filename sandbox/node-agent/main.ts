import { readFileSync } from "node:fs";
import { isAbsolute, resolve } from "node:path";
import { parseArgs } from "node:util";
import { NodeAgent } from "./agent.ts";
import { readKubeconfig } from "./api/kubeconfig.ts";
import type { ImageMap } from "./plan/image.ts";

const USAGE = "usage: node sandbox/node-agent/main.ts --kubeconfig <file> --state <dir> --images <json file>";

function option(values: Readonly<Record<string, string | undefined>>, name: string): string {
  const value = values[name];
  if (value === undefined) throw new Error(`--${name} is missing; ${USAGE}`);
  return resolve(value);
}

/** Reads and checks the image map; see MappedImage for its fields. */
function readImages(file: string): ImageMap {
  const images = JSON.parse(readFileSync(file, "utf8")) as ImageMap;
  for (const [image, mapped] of Object.entries(images)) {
    const binary = mapped.command?.[0];
    if (typeof binary !== "string" || !isAbsolute(binary)) {
      throw new Error(
        `${file}: "${image}".command must begin with an absolute path, found ${JSON.stringify(binary)}`,
      );
    }
  }
  return images;
}

function log(line: string): void {
  console.log(`${new Date().toISOString()} ${line}`);
}

async function main(): Promise<void> {
  const text = { type: "string" } as const;
  const { values } = parseArgs({ options: { kubeconfig: text, state: text, images: text } });
  const agent = new NodeAgent({
    connection: readKubeconfig(option(values, "kubeconfig")),
    stateDir: option(values, "state"),
    images: readImages(option(values, "images")),
    path: process.env.PATH ?? "/usr/local/bin:/usr/bin:/bin",
    log,
  });
  let stopping: Promise<void> | undefined;
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      log(`${signal}: ending all pods`);
      stopping ??= agent.stop().then(() => process.exit(0));
    });
  }
  log("the node agent runs");
  await agent.run();
  await stopping;
}

main().catch((error: Error) => {
  console.error(`node agent: ${error.message}`);
  process.exitCode = 1;
});
