import { join } from "node:path";
import { buildSync } from "esbuild";

const folder = import.meta.dirname;

/** The programs that run beside the servers, in the cluster or on Vault's nodes, each from `jobs/<name>/main.ts`. */
export const JOBS = ["rotator", "exporter", "audit-reader"] as const;

export type JobName = (typeof JOBS)[number];

/**
 * A job's program as one ES module, to be mounted from a ConfigMap into a stock Node image (22 or later). The same sources
 * and packages give the same bytes wherever they lie. The names of functions stay, for stack traces.
 */
export function bundleJob(name: JobName): string {
  const { outputFiles } = buildSync({
    entryPoints: [join(folder, name, "main.ts")],
    absWorkingDir: folder,
    bundle: true,
    write: false,
    platform: "node",
    target: "node22",
    format: "esm",
    charset: "utf8",
    legalComments: "none",
    // Packages in CommonJS, prom-client among them, ask for Node's own modules in the old way.
    banner: {
      js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);',
    },
    minifySyntax: true,
    minifyWhitespace: true,
    // Modules in CommonJS are named by their paths in the output: those of the checkout, wherever a link leads.
    preserveSymlinks: true,
    // Whatever a tsconfig.json says where the sources lie.
    tsconfigRaw: {},
  });
  const text = outputFiles[0]?.text;
  if (text === undefined) throw new Error(`esbuild gave no output for jobs/${name}/main.ts`);
  return text;
}
