import { ConfigError, type Problem, problemsOf } from "./problems.ts";
import { crossFieldProblems } from "./rules.ts";
import { declaration, type Settings } from "./schema.ts";
import { settle } from "./settings.ts";

/**
 * Checks a whole declaration and fills in its defaults.
 * @param source what the message names, e.g. `Pulumi.dev.yaml`
 * @throws ConfigError with every problem; rules over several fields are checked once each field is right by itself
 */
export function parseSettings(raw: unknown, source: string): Settings {
  const parsed = declaration.safeParse(raw);
  if (!parsed.success) throw new ConfigError(source, distinct(problemsOf(parsed.error.issues, raw)));
  const problems = crossFieldProblems(parsed.data);
  if (problems.length > 0) throw new ConfigError(source, distinct(problems));
  return settle(parsed.data);
}

function distinct(problems: readonly Problem[]): readonly Problem[] {
  return [...new Map(problems.map((problem) => [`${problem.path} ${problem.allowed}`, problem])).values()];
}
