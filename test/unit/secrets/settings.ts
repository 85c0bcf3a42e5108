import { parseSettings } from "../../../config/parse.ts";
import type { Settings } from "../../../config/schema.ts";
import { changed, type Raw } from "../config/declarations.ts";

/** The dev stack with other namespaces, over the mounts `kv` and `second`. */
export function settingsWith(namespaces: Raw): Settings {
  const raw = changed(["vault", "mounts", "second"], {});
  return parseSettings({ ...raw, namespaces }, "Pulumi.test.yaml");
}

/** A namespace with one service that declares `secrets`. */
export function namespace(secrets: Raw, mount = "kv"): Raw {
  return { store: { mount }, services: { api: { secrets } } };
}
