import { z } from "zod";
import { type RemoteRef, remoteKey, remoteProperty, remoteRef } from "./remote-ref.ts";
import { section, text } from "./values.ts";

/** Kinds of characters, in the words of `@pulumi/random`. */
export const characterClasses = ["lower", "upper", "numeric", "special"] as const;

export type CharacterClass = (typeof characterClasses)[number];

/** A value that nothing else makes: what it looks like, and which of its makings it is. */
export interface GeneratedValue {
  readonly length: number;
  readonly classes: readonly CharacterClass[];
  readonly epoch: number;
}

/** One entry of a secret's data. */
export interface DataEntry extends RemoteRef {
  /** Present where the program makes the value itself. */
  readonly generated?: GeneratedValue;
}

const generatedEntry = section({
  source: z.literal("generated"),
  /** Without a version: only the newest is the generator's. */
  remoteRef: section({ key: remoteKey, property: remoteProperty }),
  /** Characters. @default 32 */
  length: z.int().min(16).max(256).default(32),
  /** Each of them stands in the value at least once. @default [lower, upper, numeric] */
  classes: z.array(z.enum(characterClasses)).min(1).default(["lower", "upper", "numeric"]),
  /**
   * The version of the KV secret that this value is written with: it is written if the version before it is the newest, and
   * never otherwise. A new value takes the next number; the highest epoch of a path is the version that is expected there.
   * @default 1
   */
  epoch: z.int().min(1).default(1),
}).transform(
  ({ remoteRef: { key, property }, length, classes, epoch }): DataEntry => ({
    key,
    property,
    generated: { length, classes, epoch },
  }),
);

/** A reference to a value in Vault, or with `source: generated` a value that the program makes and puts there. */
export const dataEntry = z.unknown().transform((value, context): DataEntry => {
  const parsed = (hasSource(value) ? generatedEntry : remoteRef).safeParse(value);
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues) context.addIssue(issue as Parameters<typeof context.addIssue>[0]);
  return z.NEVER;
});

function hasSource(value: unknown): boolean {
  return typeof value === "object" && value !== null && "source" in value;
}

const place = text((value) => /^[A-Za-z0-9_./-]+#[A-Za-z0-9_.-]+$/.test(value), {
  allowed: "path#property of a generated value, e.g. llm/db#password",
  fix: "name the value as its remoteRef has it",
});

/** What is said of all generated values together. */
export const generatedSection = section({
  /**
   * The values that may be generated in production, as `path#property`. Each then stands in the stack's state, encrypted:
   * whoever has the state and its key has the value. @default []
   */
  production: z.array(place).default([]),
}).default({ production: [] });
