import { join } from "node:path";
import ts from "typescript";

/** A type of an official SDK: the module that exports it, and its name. */
export type Published = readonly [module: string, name: string];

const repository = join(import.meta.dirname, "../../..");
const FILE = join(import.meta.dirname, "published-values.ts");

/**
 * What TypeScript finds wrong with values as values of published types: a field that is missing, of another type, of a word
 * that is not in its list, or that the type does not have at all.
 */
export function misfits(values: readonly (readonly [type: Published, value: unknown])[]): readonly string[] {
  const source = values.map(([[module, name], value], index) => {
    const type = `Published${index}`;
    return (
      `import type { ${name} as ${type} } from "${module}";\n` +
      `export const value${index}: ${type} = ${JSON.stringify(value)};`
    );
  });
  const options: ts.CompilerOptions = {
    ...{ strict: true, exactOptionalPropertyTypes: true, noEmit: true, skipLibCheck: true },
    ...{
      module: ts.ModuleKind.NodeNext,
      target: ts.ScriptTarget.ES2022,
      types: [],
      lib: ["lib.es2022.d.ts"],
    },
  };
  const host = ts.createCompilerHost(options);
  const { readFile, fileExists } = host;
  host.getCurrentDirectory = () => repository;
  host.fileExists = (file) => file === FILE || fileExists(file);
  host.readFile = (file) => (file === FILE ? source.join("\n") : readFile(file));
  const program = ts.createProgram([FILE], options, host);
  return ts
    .getPreEmitDiagnostics(program, program.getSourceFile(FILE))
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"));
}
