/** Quick for hundreds of requests, and no burst on a server. */
const AT_ONCE = 8;

/** Does some of the work at a time, all of it whatever fails. */
export async function inGroups<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<readonly PromiseSettledResult<Result>[]> {
  const results: PromiseSettledResult<Result>[] = [];
  for (let at = 0; at < items.length; at += AT_ONCE) {
    results.push(...(await Promise.allSettled(items.slice(at, at + AT_ONCE).map(work))));
  }
  return results;
}

/** What came of it, and each reason once why some did not. */
export function together<Result>(results: readonly PromiseSettledResult<Result>[]): {
  readonly values: readonly Result[];
  readonly failures: readonly string[];
} {
  const reasons = results.flatMap((one) => (one.status === "rejected" ? [messageOf(one.reason)] : []));
  return {
    values: results.flatMap((one) => (one.status === "fulfilled" ? [one.value] : [])),
    failures: [...new Set(reasons)],
  };
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
