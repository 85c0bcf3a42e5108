import * as pulumi from "@pulumi/pulumi";
import { ConfigError, type Problem, problemsOf, show } from "../config/problems.ts";
import { OUTPUT_NAME, SCHEMA_VERSION, type StackOutputs, stackOutputs } from "./schema.ts";

/**
 * The outputs of a stack of this program, for a program of another.
 * @throws RunError, when the output resolves, that says whether they are missing, of another version or misshapen
 */
export function readOutputs(stack: pulumi.StackReference): pulumi.Output<StackOutputs> {
  return pulumi.all([stack.name, stack.getOutput(OUTPUT_NAME)]).apply(([name, value]) => {
    try {
      return parseOutputs(value, name);
    } catch (error) {
      throw error instanceof ConfigError ? new pulumi.RunError(error.message) : error;
    }
  });
}

/**
 * Checks what a stack has exported; fields that a later version of the same schema added are left out.
 * @param stack its name, for the message
 * @throws ConfigError with every problem
 */
export function parseOutputs(value: unknown, stack: string): StackOutputs {
  const problem = versionProblem(value);
  if (problem !== undefined) throw new ConfigError(`Outputs of stack ${stack}`, [problem]);
  const parsed = stackOutputs.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = problemsOf(parsed.error.issues, value);
  throw new ConfigError(
    `Outputs of stack ${stack}`,
    problems.map((one) => ({ ...one, path: `${OUTPUT_NAME}.${one.path}` })),
  );
}

function versionProblem(value: unknown): Problem | undefined {
  if (value === undefined) {
    return {
      path: OUTPUT_NAME,
      found: "no such output",
      allowed: "a stack of vault-management that has been deployed",
      fix: "check the stack's name, and run pulumi up there first",
    };
  }
  const version =
    typeof value === "object" && value !== null && "schemaVersion" in value ? value.schemaVersion : undefined;
  if (typeof version !== "number" || version === SCHEMA_VERSION) return undefined;
  return {
    path: `${OUTPUT_NAME}.schemaVersion`,
    found: show(version),
    allowed: show(SCHEMA_VERSION),
    fix:
      version > SCHEMA_VERSION
        ? "upgrade the vault-management code that this program imports: the stack was deployed with a newer one"
        : "run pulumi up in that stack with the vault-management code that this program imports",
  };
}
