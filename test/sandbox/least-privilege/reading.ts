import { expect, it } from "vitest";
import { allPaths, logins } from "./declared.ts";
import { asLogin, nameOf, type Stacks, statusOf } from "./ground.ts";

/** Over all ordered pairs of a login and a path, those of other stacks, namespaces and services included. */
export function readingChecks(stacks: () => Stacks): void {
  it.each(logins.map((login) => [nameOf(login), login] as const))(
    "%s reads what it declares, and is refused every other path",
    async (_, login) => {
      await asLogin(stacks(), login, async (client) => {
        const answers = await Promise.all(
          allPaths.map(async (path) => {
            const value = await client.read(dataPath(path)).catch((error: unknown) => error);
            if (value instanceof Error) return [path, await statusOf(Promise.reject(value))];
            const data = (value as { readonly data?: { readonly value?: unknown } } | undefined)?.data;
            return [path, data?.value === stacks().values[path] ? "the value" : "something else"];
          }),
        );
        const declared = allPaths.map((path) => [path, login.reads.includes(path) ? "the value" : 403]);
        expect(answers).toEqual(declared);
      });
    },
  );
}

/** `kv/alpha/web` as KV v2 reads it. */
export function dataPath(path: string): string {
  return path.replace("/", "/data/");
}
