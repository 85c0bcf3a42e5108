import type { Settings } from "../../../config/schema.ts";

/** What of a declaration the exporter depends on. */
export type ExporterStack = Pick<
  Settings,
  "environment" | "tier" | "vault" | "kubernetes" | "namespaces" | "pki" | "rotation" | "monitoring"
>;

export interface ExporterSettings extends NonNullable<Settings["monitoring"]["exporter"]> {
  /** Whether this stack makes the namespace. */
  readonly create: boolean;
}

/** The declared exporter; `undefined` where none is. */
export function exporterOf({
  monitoring,
  tier,
}: Pick<Settings, "monitoring" | "tier">): ExporterSettings | undefined {
  const { exporter } = monitoring;
  return exporter && { ...exporter, create: tier === "development" };
}
