import { ruleGroups } from "../../../components/monitoring/rules/all.ts";
import type { AlertRule } from "../../../components/monitoring/rules/rule.ts";
import { parseSettings } from "../../../config/parse.ts";
import type { Settings } from "../../../config/schema.ts";
import { declared, type Raw } from "../config/declarations.ts";
import { domain, intermediateCa, rootCa } from "../pki/declarations.ts";
import { referenceKey } from "../rotation/declarations.ts";

/** Everything that monitoring can be told, over the dev stack. */
export const everything = {
  prometheusRules: true,
  serviceMonitors: true,
  dashboard: true,
  exporter: { interval: "30s" },
  vault: {
    nodes: {
      "vault-0": "https://vault-0.voyager.internal:8200",
      "vault-1": "https://vault-1.voyager.internal:8200",
    },
  },
  auditReaders: ["vault-0.voyager.internal:9465", "vault-1.voyager.internal:9465"],
};

/**
 * The dev stack with two more secrets of which one is refreshed every minute, a certificate of 30 days, and a key that
 * rotates.
 */
export function watched(monitoring: object = everything, sections: Raw = {}): Settings {
  const raw = declared("dev");
  const namespaces = raw.namespaces as { llm: { services: { "llm-gateway": Raw } } };
  const service = namespaces.llm.services["llm-gateway"];
  service.secrets = {
    ...(service.secrets as object),
    "session.key": { refreshInterval: "1m", data: { key: "llm/session#key" } },
    "other-key": { refreshInterval: "1h", data: { key: "llm/other#key" } },
  };
  service.certificates = { "gateway-tls": { commonName: `gateway.${domain}`, ttl: "720h" } };
  return parseSettings(
    {
      ...raw,
      pki: { domains: [domain], root: rootCa, intermediate: intermediateCa },
      rotation: { keys: { "openai-llm": referenceKey } },
      monitoring,
      ...sections,
    },
    "Pulumi.test.yaml",
  );
}

export function rulesOf(settings: Settings): readonly AlertRule[] {
  return ruleGroups(settings).flatMap(({ rules }) => rules);
}
