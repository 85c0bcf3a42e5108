import { readFileSync } from "node:fs";

/**
 * Prints the closing line of a CI run from the test runner's own JSON report, and fails when a test failed, none ran,
 * or the runner itself ended badly. Usage: node .ci/count.ts <report> <the runner's exit code>
 */
interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
}

const [file = "", exitCode = "1"] = process.argv.slice(2);
const report = readReport(file);
const skipped = report.numPendingTests + report.numTodoTests;
const runnerFailed = exitCode !== "0";

if (report.numPassedTests + report.numFailedTests === 0) console.error("no test ran");
if (runnerFailed && report.numFailedTests === 0)
  console.error(`the test runner ended with exit code ${exitCode}`);
console.log(`${report.numPassedTests} passed, ${report.numFailedTests} failed, ${skipped} skipped`);
process.exitCode = runnerFailed || report.numFailedTests > 0 || report.numPassedTests === 0 ? 1 : 0;

function readReport(path: string): Report {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    console.error(`the test runner left no report at ${path}`);
    return { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0 };
  }
}
