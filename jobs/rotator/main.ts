import { readFileSync } from "node:fs";
import { exitCodes } from "./errors.ts";
import { rotationSpec } from "./spec.ts";

const USAGE = "usage: node rotator.mjs rotate|finish <spec.json>";

const [command, file] = process.argv.slice(2);
if ((command !== "rotate" && command !== "finish") || file === undefined) {
  console.error(USAGE);
  process.exit(exitCodes.usage);
}
const spec = rotationSpec.parse(JSON.parse(readFileSync(file, "utf8")));
console.log(JSON.stringify({ step: "begun", command, key: spec.key }));
