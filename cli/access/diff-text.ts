import { RISKS, type Risk } from "../../access/diff/change.ts";
import type { AccessChange } from "../../access/diff.ts";
import { codeSpan } from "../../access/words.ts";

const MARKS: Readonly<Record<Risk, string>> = { wider: "+", different: "~", narrower: "-" };

const HEADINGS: Readonly<Record<Risk, string>> = {
  wider: "Wider: somebody gets more",
  different: "Different",
  narrower: "Narrower",
};

/** What a diff was made of. */
export interface Compared {
  readonly stack: string;
  readonly ref: string;
}

/** A line a change for a terminal, wider ones first. */
export function diffText(changes: readonly AccessChange[], { stack, ref }: Compared): string {
  if (changes.length === 0) return `${stack}: no change in access since ${ref}`;
  return [
    `${stack}: access since ${ref} (+ wider, ~ different, - narrower)`,
    ...changes.map(({ risk, sentence }) => `  ${MARKS[risk]} ${sentence.text}`),
  ].join("\n");
}

/** The same as Markdown, for a pull request. */
export function diffMarkdown(changes: readonly AccessChange[], { stack }: Compared): string {
  const heading = `### Access: stack ${codeSpan(stack)}`;
  if (changes.length === 0) return `${heading}\n\nNo change in access.`;
  const parts = RISKS.flatMap((risk) => {
    const lines = changes
      .filter((change) => change.risk === risk)
      .map(({ sentence }) => `- ${sentence.markdown}`);
    return lines.length === 0 ? [] : [`**${HEADINGS[risk]}**\n\n${lines.join("\n")}`];
  });
  return [heading, ...parts].join("\n\n");
}

/** The same for other programs. */
export function diffJson(changes: readonly AccessChange[], { stack, ref }: Compared) {
  return {
    stack,
    ref,
    changes: changes.map(({ risk, about, sentence }) => ({ risk, about, text: sentence.text })),
  };
}
