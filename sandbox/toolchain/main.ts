import { ToolchainError } from "./errors.ts";
import { renderProgress } from "./progress.ts";
import { servers } from "./servers.ts";
import { prepareToolchain, type Toolchain } from "./toolchain.ts";

/**
 * Prepares every server and prints where each one is; progress goes to standard error.
 * @throws ToolchainError as `prepareToolchain` does.
 */
export async function runToolchainCommand(): Promise<void> {
  const toolchain = await prepareToolchain({ onProgress: renderProgress(process.stderr) });
  process.stdout.write(formatToolchain(toolchain));
}

/** A table of name, origin and path, one row a line. */
export function formatToolchain(toolchain: Toolchain): string {
  const rows = [
    ["SERVER", "ORIGIN", "PATH"],
    ...servers.map(({ name }) => [name, toolchain.origins[name], toolchain.binaries[name]]),
    ["chart", "", toolchain.chart],
    ["crds", "", toolchain.crds],
  ];
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ");
  return rows.map((row) => `${line(row).trimEnd()}\n`).join("");
}

if (import.meta.main) {
  await runToolchainCommand().catch((error: unknown) => {
    if (!(error instanceof ToolchainError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  });
}
