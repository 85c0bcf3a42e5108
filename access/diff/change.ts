import type { Sentence } from "../words.ts";

/**
 * `wider`: somebody gets more, or something is believed that was not. `different`: neither more nor less, or not to be told
 * from the declaration. `narrower`: somebody gets less.
 */
export const RISKS = ["wider", "different", "narrower"] as const;

export type Risk = (typeof RISKS)[number];

export interface AccessChange {
  readonly risk: Risk;
  /** The namespace, service (`llm/batch`) or field that it is about. */
  readonly about: string;
  readonly sentence: Sentence;
}

export function change(risk: Risk, about: string, sentence: Sentence): AccessChange {
  return { risk, about, sentence };
}

/** Members of `list` that `other` has not. */
export function without(list: readonly string[], other: readonly string[]): readonly string[] {
  return list.filter((one) => !other.includes(one));
}
