import { ConfigError, type Problem } from "../config/problems.ts";

/** Thrown once before anything is made, with everything about the servers that would stop the update. */
export class PreflightError extends ConfigError {
  constructor(environment: string, problems: readonly Problem[]) {
    super(`The servers of ${environment}`, problems);
    this.name = "PreflightError";
  }
}
