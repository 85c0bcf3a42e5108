/** A sentence with names in it, for a terminal and for Markdown, where each name stands in a code span. */
export interface Sentence {
  readonly text: string;
  readonly markdown: string;
}

/** Template tag: what is inserted is a name or value, and cannot become markup. */
export function say(parts: TemplateStringsArray, ...names: readonly string[]): Sentence {
  const joined = (write: (name: string) => string) =>
    parts.map((part, index) => (index === 0 ? part : `${write(names[index - 1] ?? "")}${part}`)).join("");
  return { text: joined(oneLine), markdown: joined(codeSpan) };
}

/** Several names of a sentence, as one. */
export function listed(names: readonly string[]): string {
  return names.length === 0 ? "nothing" : names.join(", ");
}

/** Delimited by more backticks than the text has in a row (CommonMark 6.1); a bar would end a table's cell. */
export function codeSpan(name: string): string {
  const text = oneLine(name).replaceAll("|", "¦");
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return longest === 0 ? `${fence}${text}${fence}` : `${fence} ${text} ${fence}`;
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ");
}
