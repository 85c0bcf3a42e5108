/** What the program ends with, so that an alert can say whose turn it is. */
export const exitCodes = {
  /** Done, nothing to do, or another run is at work. */
  done: 0,
  /** A fault of the program itself. */
  unexpected: 1,
  /** The command or the specification is wrong. */
  usage: 2,
  /** Vault or the Kubernetes API cannot be reached, or refuses. */
  platform: 3,
  /** The provider cannot be reached, is busy, or refuses the admin credential. */
  provider: 4,
  /** The provider does not accept the new key. */
  refusedKey: 5,
  /** Somebody changed a slot in mid-rotation. */
  conflict: 6,
  /** A consumer has not synced the promoted key: the previous one stays valid. */
  unsynced: 7,
  /** Nobody has put the key that people are to make: the current one grows older than it should. */
  waiting: 8,
} as const;

export type Failure = Exclude<keyof typeof exitCodes, "done">;

/** An end of a run that a person is to hear of: what field or place, what was found there, what would be right, what to do. */
export class RotationError extends Error {
  readonly failure: Failure;
  readonly field: string;
  readonly found: string;
  readonly allowed: string;
  readonly fix: string;

  constructor(
    failure: Failure,
    { field, found, allowed, fix }: Pick<RotationError, "field" | "found" | "allowed" | "fix">,
    options?: ErrorOptions,
  ) {
    super(`${field}: found ${found}; allowed: ${allowed}; fix: ${fix}`, options);
    this.name = "RotationError";
    this.failure = failure;
    this.field = field;
    this.found = found;
    this.allowed = allowed;
    this.fix = fix;
  }
}

/** Another run has claimed the rotation: it finishes what there is to do. */
export class OvertakenError extends Error {
  /** That run's name. */
  readonly by: string;

  constructor(by: string) {
    super("another run is at work on this rotation");
    this.name = "OvertakenError";
    this.by = by;
  }
}
