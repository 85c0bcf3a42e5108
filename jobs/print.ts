import { bundleJob, JOBS } from "./bundle.ts";

/** `npm run -s bundle -- audit-reader > audit-reader.mjs`: a job's program, for where no stack brings it. */
const name = JOBS.find((one) => one === process.argv[2]);
if (name === undefined || process.argv.length !== 3) {
  console.error(`usage: npm run -s bundle -- ${JOBS.join("|")}`);
  process.exitCode = 2;
} else {
  process.stdout.write(bundleJob(name));
}
