import type { LiveObject } from "../../../components/external-secrets/judgement.ts";
import { exporterSpecOf } from "../../../components/monitoring/exporter/exporter-spec.ts";
import { type ExporterSettings, exporterOf } from "../../../components/monitoring/exporter/settings.ts";
import { parseSettings } from "../../../config/parse.ts";
import type { Settings } from "../../../config/schema.ts";
import type { ExporterSpec } from "../../../jobs/exporter/spec.ts";
import { declared } from "../config/declarations.ts";
import { withPki } from "../pki/declarations.ts";
import { withKeys } from "../rotation/declarations.ts";

export const nodes = {
  "vault-0": "https://vault-0.voyager.internal:8200",
  "vault-1": "https://vault-1.voyager.internal:8200",
};

/** A stack with an exporter, a rotation and a certificate. */
export function watched(
  monitoring: object = {},
  raw: Readonly<Record<string, unknown>> = {
    ...withPki(),
    rotation: withKeys({ "openai-llm": {} }).rotation,
  },
): Settings {
  return parseSettings(
    { ...raw, monitoring: { exporter: {}, vault: { nodes }, ...monitoring } },
    "Pulumi.test.yaml",
  );
}

/** The stack as it was before: no exporter. */
export function unwatched(): Settings {
  return parseSettings(declared("dev"), "Pulumi.test.yaml");
}

export function exporterIn(settings: Settings): ExporterSettings {
  const exporter = exporterOf(settings);
  if (exporter === undefined) throw new Error("no exporter");
  return exporter;
}

export function specOf(settings: Settings = watched()): ExporterSpec {
  return exporterSpecOf(settings, exporterIn(settings));
}

/** As ESO leaves it. */
export function object(name: string, ready: boolean, refreshTime?: string): LiveObject {
  return {
    metadata: { name, generation: 1, creationTimestamp: "2026-11-24T00:00:00Z" },
    status: {
      syncedResourceVersion: "1-abc",
      conditions: [{ type: "Ready", status: ready ? "True" : "False" }],
      ...(refreshTime === undefined ? {} : { refreshTime }),
    },
  };
}
