import { stackSettings } from "../stack.ts";
import { type SceneOptions, withScene } from "./open-scene.ts";
import { incidentsText } from "./result-text.ts";

export interface ListOptions extends SceneOptions {
  readonly json?: true;
}

/** What Vault remembers of incidents, the oldest first. */
export async function list(options: ListOptions): Promise<number> {
  return withScene(options, await stackSettings(options.stack), async ({ store }) => {
    const { incidents } = await store.read();
    console.log(options.json ? JSON.stringify(incidents, null, 2) : incidentsText(incidents));
    return 0;
  });
}
