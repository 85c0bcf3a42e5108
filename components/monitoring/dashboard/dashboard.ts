import {
  type Dashboard,
  DashboardBuilder,
  DatasourceVariableBuilder,
  RowBuilder,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { DATASOURCE } from "./panels.ts";
import { rows } from "./rows.ts";

/**
 * The dashboard of one stack, as Grafana takes it. It shows whatever its Prometheus has; panels of what nobody brings stay
 * empty, so that it need not change with the declaration.
 */
export function dashboard(environment: string): Dashboard {
  const empty = new DashboardBuilder(`Secrets from Vault: ${environment}`)
    .uid(`vault-management-${environment}`.slice(0, UID_LENGTH))
    .tags(["vault-management", environment])
    .readonly()
    .refresh("1m")
    .time({ from: "now-6h", to: "now" })
    .withVariable(new DatasourceVariableBuilder(DATASOURCE).label("Prometheus").type("prometheus"));
  const filled = rows(environment).reduce(
    (built, { title, panels }) =>
      panels.reduce((inRow, panel) => inRow.withPanel(panel), built.withRow(new RowBuilder(title))),
    empty,
  );
  return filled.build();
}

/** Grafana takes no longer ones. */
const UID_LENGTH = 40;
