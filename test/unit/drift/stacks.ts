import { declaredResources } from "../../../cli/drift/declared.ts";
import type { Declared } from "../../../cli/drift/finding.ts";
import { parseSettings } from "../../../config/parse.ts";
import type { Settings } from "../../../config/schema.ts";
import { changed, type Raw } from "../config/declarations.ts";
import { batch, withDatabase } from "../databases/declarations.ts";
import { generated } from "../generated/declarations.ts";
import { intermediateCa, rootCa, withPki } from "../pki/declarations.ts";
import { withKeys } from "../rotation/declarations.ts";

/** What a section of the program declares stands in one of these stacks at least. */
export function everyKind(): Readonly<Record<string, Settings>> {
  const parsed = (raw: Raw) => parseSettings(raw, "Pulumi.test.yaml");
  const jwt = { ...(changed(["vault", "auth", "method"], "jwt") as Raw) };
  return {
    rotation: parsed({
      ...withKeys({ "openai-llm": {} }),
      monitoring: { prometheusRules: true },
    }),
    "a CA of two generations": parsed(
      withPki({ root: { ...rootCa, generation: 2 }, intermediate: { ...intermediateCa, generation: 2 } }),
    ),
    databases: parsed(
      withDatabase({
        roles: { "orders-app": { kind: "static", username: "a", rotationPeriod: "24h" }, batch },
        secrets: { made: { data: { password: generated("password") } } },
      }),
    ),
    jwt: parsed({
      ...jwt,
      kubernetes: { ...(jwt.kubernetes as Raw), jwt: { issuer: "https://issuer.internal" } },
    }),
  };
}

export function declaredBy(settings: Settings): Promise<readonly Declared[]> {
  const connections = settings.databases.map((connection) => ({
    connection,
    initialised: true,
    waiting: [],
  }));
  return declaredResources({
    settings,
    deployable: settings,
    connections,
    crds: [],
    monitoringKinds: ["PrometheusRule", "ServiceMonitor", "ScrapeConfig"],
  });
}
