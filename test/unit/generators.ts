import type { GeneratorSettings, Settings } from "../../config/schema.ts";

/** What a report's database login is asked with. */
export const creds: GeneratorSettings = {
  name: "orders-report",
  mount: "database",
  request: "creds/orders-report",
  method: "GET",
};

/** What a certificate is issued with. */
export const issue: GeneratorSettings = {
  name: "web-tls",
  mount: "pki-int",
  request: "issue/web",
  method: "POST",
  parameters: { common_name: "web.example", ttl: "72h" },
};

/** The settings with these generators at the first secret of the first service that has one. */
export function withGenerators(settings: Settings, ...generators: readonly GeneratorSettings[]): Settings {
  return { ...settings, namespaces: settings.namespaces.map(withFirst(generators)) };
}

type Namespace = Settings["namespaces"][number];

function withFirst(generators: readonly GeneratorSettings[]) {
  let given = false;
  return (namespace: Namespace): Namespace => {
    const services = namespace.services.map((service) => ({
      ...service,
      secrets: service.secrets.map((secret) => {
        if (given) return { ...secret, generators: [] };
        given = true;
        return { ...secret, generators };
      }),
    }));
    const stores = namespace.stores.map((store) => ({
      ...store,
      services: services.filter(({ name }) => store.services.some((one) => one.name === name)),
    }));
    return { ...namespace, services, stores };
  };
}
