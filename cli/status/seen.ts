/** What a look gave; or, in words, why nothing could be seen. */
export type Seen<T> = { readonly found: T } | { readonly unseen: string };

/** The look's result, or its error's words: what one look cannot see must not hide what the others do. */
export async function seen<T>(look: () => Promise<T>): Promise<Seen<T>> {
  try {
    return { found: await look() };
  } catch (error) {
    return { unseen: error instanceof Error ? error.message : String(error) };
  }
}

/** What was found; null where nothing could be seen, as the JSON has it. */
export function orNull<T>(one: Seen<T>): T | null {
  return "found" in one ? one.found : null;
}
