/** Secrets to look for: what each is called in a report -> its value. */
export type Canaries = Readonly<Record<string, string>>;

export type Encoding = "raw" | "base64" | "hex" | "url" | "json" | "json in json";

/** A canary that stands somewhere. The value itself is not part of it, so that a report can be printed. */
export interface Sighting {
  readonly canary: string;
  readonly encoding: Encoding;
}

export type Scanner = (content: string | Uint8Array) => readonly Sighting[];

/** Shorter ones would be found by chance: 8 base64 characters are left of 9 bytes at the worst offset. */
const fewestBytes = 9;

/**
 * Looks for canaries as they are, and in the forms in which programs write them elsewhere: base64 of both alphabets at
 * each of the three offsets that it may have in a longer text, hex, URL encoding, and JSON, also within a JSON text.
 * What is compressed or encrypted is not found.
 * @throws if a canary is shorter than 9 bytes
 */
export function scanner(canaries: Canaries): Scanner {
  const needles = Object.entries(canaries).flatMap(([canary, value]) =>
    encodings(canary, value).map(([encoding, text]) => ({ canary, encoding, bytes: Buffer.from(text) })),
  );
  return (content) => {
    const bytes = Buffer.from(content);
    const found = needles.filter((needle) => bytes.includes(needle.bytes));
    const distinct = new Map(
      found.map(({ canary, encoding }) => [`${canary} ${encoding}`, { canary, encoding }]),
    );
    return [...distinct.values()];
  };
}

type Encoded = readonly [Encoding, string];

/** Each text once, by the first encoding that gives it: most values are the same raw, in a URL and in JSON. */
function encodings(canary: string, value: string): readonly Encoded[] {
  const bytes = Buffer.from(value);
  if (bytes.length < fewestBytes) {
    throw new Error(`The canary ${canary} has ${bytes.length} bytes; it needs ${fewestBytes} or more.`);
  }
  const all: readonly Encoded[] = [
    ["raw", value],
    ...json(value).map((text): Encoded => ["json", text]),
    ...json(value)
      .flatMap(json)
      .map((text): Encoded => ["json in json", text]),
    ...url(value).map((text): Encoded => ["url", text]),
    ["hex", bytes.toString("hex")],
    ["hex", bytes.toString("hex").toUpperCase()],
    ...[0, 1, 2].flatMap((offset) => base64(bytes, offset)).map((text): Encoded => ["base64", text]),
  ];
  return all.filter(([, text], index) => all.findIndex((other) => other[1] === text) === index);
}

/** As JavaScript writes it, as Go does (which escapes for HTML), and with everything beyond ASCII escaped as Python does. */
function json(value: string): readonly string[] {
  const plain = JSON.stringify(value).slice(1, -1);
  const go = plain.replace(/[<>&\u2028\u2029]/g, escaped);
  return [plain, go, plain.replace(/[^\x20-\x7e]/g, escaped)];
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** As part of a path, where a space is %20, and of a form, where it is a plus. Either may leave `!'()*` as they are. */
function url(value: string): readonly string[] {
  const path = encodeURIComponent(value);
  const strict = path.replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
  return [path, strict, strict.replaceAll("%20", "+")];
}

/** What a base64 text says of these bytes alone when `offset` bytes, modulo 3, stand before them. */
function base64(bytes: Buffer, offset: number): readonly string[] {
  const shifted = Buffer.concat([Buffer.alloc(offset), bytes]);
  const own = shifted
    .toString("base64")
    .slice(Math.ceil((offset * 8) / 6), Math.floor((shifted.length * 8) / 6));
  return [own, own.replaceAll("+", "-").replaceAll("/", "_")];
}
