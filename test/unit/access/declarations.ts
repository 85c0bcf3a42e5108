import type { Settings } from "../../../config/schema.ts";
import { settingsWith } from "../arbitrary-settings.ts";

type Services = Readonly<Record<string, readonly string[]>>;

/** A namespace whose services each declare one secret, of these KV paths. */
export function namespaceOf(services: Services, fields: object = {}): object {
  const declared = Object.entries(services).map(([service, paths]) => {
    const data = Object.fromEntries(paths.map((path, index) => [`key${index}`, `${path}#value`]));
    return [service, { secrets: paths.length === 0 ? {} : { [`${service}-secret`]: { data } } }];
  });
  return { store: {}, services: Object.fromEntries(declared), ...fields };
}

/** The dev stack with other namespaces. */
export function stackOf(namespaces: Readonly<Record<string, object>>): Settings {
  return settingsWith(["namespaces"], namespaces);
}
