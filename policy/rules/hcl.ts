/** What HCL 1 and its JSON form can say. An object is a list of items, since a key may stand there more than once. */
export type HclValue = string | readonly HclValue[] | HclObject;

export interface HclObject {
  readonly items: readonly HclItem[];
}

/** `path "x" { ... }` has the keys `path` and `x`. */
export interface HclItem {
  readonly keys: readonly string[];
  readonly value: HclValue;
}

/** Thrown on a text that is not understood; the message tells where, and repeats nothing of the text. */
export class HclError extends Error {}

interface Token {
  readonly kind: "mark" | "word" | "text" | "end";
  readonly value: string;
  readonly line: number;
}

/**
 * Reads a document in HCL or JSON: what Vault's policies are made of, which is all of HCL 1 but heredocs.
 * @throws HclError
 */
export function parseHcl(text: string): HclObject {
  const tokens = new Tokens(tokenize(text));
  // The whole of a JSON document stands in braces.
  const document = tokens.accept("{") ? objectUntil(tokens, "}") : objectUntil(tokens, "");
  if (tokens.next().kind !== "end") throw new HclError("something follows the end of the document");
  return document;
}

class Tokens {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  peek(): Token {
    return this.#tokens[this.#at] ?? { kind: "end", value: "", line: 0 };
  }

  next(): Token {
    const token = this.peek();
    if (token.kind !== "end") this.#at += 1;
    return token;
  }

  accept(mark: string): boolean {
    const { kind, value } = this.peek();
    const found = kind === "mark" && value === mark;
    if (found) this.#at += 1;
    return found;
  }
}

/** Items up to a closing brace, or up to the end of the text. */
function objectUntil(tokens: Tokens, close: "}" | ""): HclObject {
  const items: HclItem[] = [];
  while (close === "" ? tokens.peek().kind !== "end" : !tokens.accept(close)) {
    items.push(item(tokens));
    tokens.accept(",");
  }
  return { items };
}

function item(tokens: Tokens): HclItem {
  const keys: string[] = [];
  for (;;) {
    const token = tokens.next();
    if (token.kind === "word" || token.kind === "text") keys.push(token.value);
    else if (keys.length > 0 && token.value === "{") return { keys, value: objectUntil(tokens, "}") };
    else if (keys.length > 0 && (token.value === "=" || token.value === ":")) {
      return { keys, value: value(tokens) };
    } else throw unexpected(token);
  }
}

function value(tokens: Tokens): HclValue {
  const token = tokens.next();
  if (token.kind === "text" || token.kind === "word") return token.value;
  if (token.value === "{") return objectUntil(tokens, "}");
  if (token.value !== "[") throw unexpected(token);
  const list: HclValue[] = [];
  while (!tokens.accept("]")) {
    list.push(value(tokens));
    if (!tokens.accept(",") && tokens.peek().value !== "]") throw unexpected(tokens.peek());
  }
  return list;
}

function unexpected({ kind, line }: Token): HclError {
  return new HclError(kind === "end" ? "it ends too early" : `line ${line} is not understood`);
}

const SKIPPED = /(?:\s+|#[^\n]*|\/\/[^\n]*|\/\*[\s\S]*?\*\/)+/y;
const TOKEN = /(?<mark>[{}[\]=:,])|"(?<text>(?:[^"\\\n]|\\.)*)"|(?<word>[\w.-]+)/y;

function tokenize(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  for (;;) {
    SKIPPED.lastIndex = at;
    if (SKIPPED.test(text)) at = SKIPPED.lastIndex;
    if (at >= text.length) return tokens;
    const line = text.slice(0, at).split("\n").length;
    TOKEN.lastIndex = at;
    const groups = TOKEN.exec(text)?.groups;
    if (groups === undefined) throw new HclError(`line ${line} is not understood`);
    at = TOKEN.lastIndex;
    const { mark, text: quoted, word } = groups;
    if (quoted !== undefined) tokens.push({ kind: "text", value: unescaped(quoted, line), line });
    else if (mark !== undefined) tokens.push({ kind: "mark", value: mark, line });
    else tokens.push({ kind: "word", value: word ?? "", line });
  }
}

/** The escapes of JSON, which HCL shares but for its rarest. */
function unescaped(quoted: string, line: number): string {
  try {
    return String(JSON.parse(`"${quoted.replaceAll("\t", "\\t")}"`));
  } catch {
    throw new HclError(`line ${line} holds an escape that is not understood`);
  }
}
