import { nothingChanged } from "./engine/engine.ts";
import { secretsTable } from "./start/secrets-table.ts";
import { type StartResult, start } from "./start/start.ts";

/** `npm start`: a running sandbox with the dev stack in it, then what arrived and what to try. */
async function main(): Promise<void> {
  const begun = performance.now();
  const report = (line: string) => console.log(`${elapsed(begun)}  ${line}`);
  const result = await start({ report });
  for (const warning of result.warnings) console.log(`Warning: ${warning}`);
  console.log(summary(result, elapsed(begun).trim()));
  console.log(secretsTable(result.rows));
  console.log(next(result));
}

function elapsed(begun: number): string {
  return `${((performance.now() - begun) / 1_000).toFixed(1).padStart(5)} s`;
}

function summary({ changes, seeded }: StartResult, time: string): string {
  if (nothingChanged(changes) && seeded.length === 0) {
    return `Ready after ${time}: nothing changed, all ${changes.same} resources are as declared.`;
  }
  const { created, updated, deleted, same } = changes;
  return `Ready after ${time}: ${created} created, ${updated} updated, ${deleted} deleted, ${same} as they were.`;
}

function next({ rows, paths }: StartResult): string {
  const row = rows[0];
  const watch =
    row === undefined
      ? []
      : [
          "  npm run secrets -- list                        which paths the stack reads",
          `  npm run secrets -- put ${(paths[0] ?? "").padEnd(23)} put a value of your own; then see it arrive:`,
          `  kubectl -n ${row.namespace} annotate externalsecret ${row.externalSecret} force-sync="$(date +%s)" --overwrite`,
          `  kubectl -n ${row.namespace} get secret ${row.target} -o yaml`,
        ];
  return [
    "The sandbox keeps running. Next:",
    '  eval "$(npm run -s sandbox -- env)"            this shell then talks to the sandbox',
    ...watch,
    "  npm run sandbox -- down                        end it; its data stay",
  ].join("\n");
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
