import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import { PROJECT } from "../../../config/stack-file.ts";
import type { Change, ChangeAction, ChangeCounts } from "../engine.ts";

const actions: Readonly<Record<string, ChangeAction>> = {
  same: "same",
  create: "created",
  import: "created",
  update: "updated",
  replace: "replaced",
  delete: "deleted",
};

/** The change that an event tells of, planned or done; `undefined` for all other events, and for components. */
export function changeOf(event: EngineEvent, moment: "planned" | "done"): Change | undefined {
  const metadata = (moment === "planned" ? event.resourcePreEvent : event.resOutputsEvent)?.metadata;
  const action = actions[metadata?.op ?? ""];
  if (metadata === undefined || action === undefined || !metadata.provider) return undefined;
  return { action, type: metadata.type, name: metadata.urn.split("::").slice(3).join("::") };
}

/** The text of an error, with the resource that it is about, and without the colours of the terminal. */
export function errorOf(event: EngineEvent): string | undefined {
  const text = messageOf(event, "error");
  const urn = event.diagnosticEvent?.urn ?? "";
  if (text === undefined || isProgram(urn)) return text;
  return `${urn.split("::").at(-1)}: ${text}`;
}

/** What a policy pack refuses, as the pack says it. */
export function violationOf({ policyEvent }: EngineEvent): string | undefined {
  return policyEvent?.enforcementLevel === "mandatory" ? plainText(policyEvent.message) : undefined;
}

/** The text of a warning of the program or its components; those of plugins and of resources under way are left out. */
export function warningOf(event: EngineEvent): string | undefined {
  const text = messageOf(event, "warning");
  const urn = event.diagnosticEvent?.urn ?? "";
  const own = isProgram(urn) || isComponent(urn);
  return text === undefined || !own || text.startsWith("using pulumi-") ? undefined : text;
}

function messageOf(event: EngineEvent, severity: "error" | "warning"): string | undefined {
  const diagnostic = event.diagnosticEvent;
  if (diagnostic?.severity !== severity) return undefined;
  return plainText(diagnostic.message);
}

/** Without the engine's marks for colours. */
function plainText(message: string): string {
  return message.replace(/<\{%[^%]*%\}>/g, "").trim();
}

function isProgram(urn: string): boolean {
  return urn === "" || urn.includes("::pulumi:pulumi:Stack::");
}

/** Of this project: in a URN the type stands after those of its parents. */
function isComponent(urn: string): boolean {
  const type = urn.split("::")[2]?.split("$").at(-1) ?? "";
  return type.startsWith(`${PROJECT}:`);
}

/** Pulumi's summary, e.g. `{ create: 3, same: 5 }`, in this project's words. */
export function countsOf(summary: Readonly<Record<string, number | undefined>> = {}): ChangeCounts {
  const sum = (...names: readonly string[]) => names.reduce((total, name) => total + (summary[name] ?? 0), 0);
  return {
    created: sum("create", "import"),
    updated: sum("update", "replace"),
    deleted: sum("delete"),
    same: sum("same"),
  };
}
