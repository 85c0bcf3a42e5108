import type { Settings } from "../../../config/schema.ts";
import { declaredPaths } from "../../secrets/declared.ts";

export interface KvPath {
  readonly mount: string;
  /** Below the mount. */
  readonly key: string;
  readonly declared: boolean;
}

/**
 * The KV v2 path that an operator means: one that the stack declares (`llm/openai`), the same behind its mount
 * (`kv/llm/openai`), or any path as the API has it (`kv/data/llm/openai`), declared or not.
 * @throws Error that lists the declared paths
 */
export function kvPath(settings: Settings, text: string): KvPath {
  const declared = declaredPaths(settings);
  const isDeclared = (mount: string, key: string) =>
    declared.some((one) => one.mount === mount && one.path === key);
  const named = declared.filter(({ path }) => path === text);
  const [only] = named;
  if (only !== undefined && named.length === 1) return { mount: only.mount, key: only.path, declared: true };
  if (named.length > 1) {
    const full = named.map(({ mount, path }) => `${mount}/data/${path}`).join(", ");
    throw new Error(`${text} is declared in several mounts. Name one in full: ${full}`);
  }
  const api = /^(.+?)\/data\/(.+)$/.exec(text);
  if (api?.[1] !== undefined && api[2] !== undefined) {
    return { mount: api[1], key: api[2], declared: isDeclared(api[1], api[2]) };
  }
  const mount = Object.keys(settings.vault.mounts).find((one) => text.startsWith(`${one}/`));
  const key = mount === undefined ? "" : text.slice(mount.length + 1);
  if (mount !== undefined && isDeclared(mount, key)) return { mount, key, declared: true };
  const list = declared.map((one) => `  ${one.path}  (mount ${one.mount})`).join("\n");
  throw new Error(
    `${text} is not declared in this stack. Declared paths:\n${list || "  none"}\n` +
      "Use one of these, or name another in full: <mount>/data/<path>",
  );
}
