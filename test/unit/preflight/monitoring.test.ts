import { describe, expect, it } from "vitest";
import type { Definition } from "../../../preflight/cluster-reader.ts";
import { definitionProblems, servedKinds } from "../../../preflight/definitions.ts";
import { settingsOf } from "../arbitrary-settings.ts";
import { watched } from "../monitoring/declarations.ts";

type Found = Definition | string | undefined;

/** A cluster that has these definitions of the Prometheus Operator, by the beginning of their names. */
function cluster(found: Readonly<Record<string, Found>>) {
  const asked: string[] = [];
  return {
    asked,
    definition: async (name: string) => {
      asked.push(name);
      return found[name.split(".")[0] ?? ""];
    },
  };
}

const v1: Definition = { labels: {}, servedVersions: ["v1"] };
const v1alpha1: Definition = { labels: {}, servedVersions: ["v1alpha1"] };

const complete = { prometheusrules: v1, servicemonitors: v1, scrapeconfigs: v1alpha1 };

describe("the Prometheus Operator's kinds", () => {
  it("are those that are asked for and served in the version that the stack writes", async () => {
    expect(await servedKinds(cluster(complete), watched())).toEqual([
      ...["PrometheusRule", "ServiceMonitor", "ScrapeConfig"],
    ]);
    expect(await servedKinds(cluster({ ...complete, scrapeconfigs: undefined }), watched())).toEqual([
      ...["PrometheusRule", "ServiceMonitor"],
    ]);
    expect(await servedKinds(cluster({ ...complete, prometheusrules: v1alpha1 }), watched())).toEqual([
      ...["ServiceMonitor", "ScrapeConfig"],
    ]);
  });

  it("are no problem where the cluster lacks them: all else can be deployed", async () => {
    expect(await definitionProblems(cluster({}), watched())).toEqual([]);
  });

  it("are one where nobody can say whether it does: an update would take away what is there", async () => {
    const refused = { ...complete, servicemonitors: "403 forbidden" };
    expect(await definitionProblems(cluster(refused), watched())).toEqual([
      expect.objectContaining({
        path: "monitoring.serviceMonitors",
        found: expect.stringContaining("403 forbidden"),
      }),
    ]);
  });

  it("are not looked for where nothing asks for them", async () => {
    const { asked, ...reader } = cluster({});
    expect(await servedKinds(reader, settingsOf("dev"))).toEqual([]);
    expect(asked).toEqual([]);
  });
});
