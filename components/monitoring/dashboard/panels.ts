import { BigValueColorMode, BigValueGraphMode } from "@grafana/grafana-foundation-sdk/common";
import {
  type Panel,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { DataqueryBuilder } from "@grafana/grafana-foundation-sdk/prometheus";
import { PanelBuilder as StatBuilder } from "@grafana/grafana-foundation-sdk/stat";
import { PanelBuilder as TimelineBuilder } from "@grafana/grafana-foundation-sdk/statetimeline";
import { PanelBuilder as TimeseriesBuilder } from "@grafana/grafana-foundation-sdk/timeseries";

/** The Prometheus that whoever looks has chosen. */
export const DATASOURCE = "datasource";

/** A row of the dashboard is 24 wide: four numbers, two graphs. */
const NUMBER = { width: 6, height: 4 };
const GRAPH = { width: 12, height: 8 };

/** What Grafana's own panel builders have in common, as far as it is used here. */
export interface PanelBuilder {
  build(): Panel;
}

/** One number, green at 0 and red above. */
export function count(title: string, description: string, expr: string): PanelBuilder {
  return new StatBuilder()
    .title(title)
    .description(description)
    .datasource(prometheus)
    .span(NUMBER.width)
    .height(NUMBER.height)
    .colorMode(BigValueColorMode.Background)
    .graphMode(BigValueGraphMode.None)
    .thresholds(steps({ color: "green", value: null }, { color: "red", value: 1 }))
    .noValue("nobody looks")
    .withTarget(query(expr, ""));
}

/** A line for each series. @param unit Grafana's id, e.g. `s` for seconds, `short` for plain numbers */
export function graph(title: string, description: string, unit: string, lines: Lines): PanelBuilder {
  const panel = new TimeseriesBuilder()
    .title(title)
    .description(description)
    .datasource(prometheus)
    .span(GRAPH.width)
    .height(GRAPH.height)
    .unit(unit);
  return Object.entries(lines).reduce(
    (built, [legend, expr], index) => built.withTarget(query(expr, legend, index)),
    panel,
  );
}

/** A bar for each series over time: green while it is 1, red while it is 0. */
export function states(title: string, description: string, legend: string, expr: string): PanelBuilder {
  return new TimelineBuilder()
    .title(title)
    .description(description)
    .datasource(prometheus)
    .span(GRAPH.width)
    .height(GRAPH.height)
    .thresholds(steps({ color: "red", value: null }, { color: "green", value: 1 }))
    .withTarget(query(expr, legend));
}

/** Legend, with labels in double braces -> query. */
export type Lines = Readonly<Record<string, string>>;

const prometheus = { type: "prometheus", uid: `\${${DATASOURCE}}` };

function query(expr: string, legend: string, index = 0): DataqueryBuilder {
  return new DataqueryBuilder()
    .refId(String.fromCharCode("A".charCodeAt(0) + index))
    .expr(expr)
    .legendFormat(legend);
}

function steps(...all: { color: string; value: number | null }[]): ThresholdsConfigBuilder {
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(all);
}
