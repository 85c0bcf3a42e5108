import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import type { FieldDifference, Finding, Server } from "../finding.ts";
import { shown } from "../shown.ts";

type Step = NonNullable<EngineEvent["resourcePreEvent"]>["metadata"];

/** What a planned step says of the resource; steps that say nothing of a difference are not here. */
const DRIFTS: Readonly<Record<string, Finding["drift"]>> = {
  create: "missing",
  update: "changed",
  replace: "changed",
  delete: "undeclared",
};

/** What a preview that looks at the servers as well has found; nothing for components and for what stays as it is. */
export function findingOf({ resourcePreEvent }: EngineEvent): Finding | undefined {
  const step = resourcePreEvent?.metadata;
  const drift = DRIFTS[step?.op ?? ""];
  if (step === undefined || drift === undefined || !isResource(step)) return undefined;
  return {
    server: serverOf(step),
    what: `${step.type} ${nameOf(step)}`,
    drift,
    fields: drift === "changed" ? differences(step) : [],
    resource: `${step.type} ${nameOf(step)}`,
  };
}

/** Whether an event says that a resource was looked at. */
export function isLookedAt({ resourcePreEvent }: EngineEvent): boolean {
  const step = resourcePreEvent?.metadata;
  return step !== undefined && isResource(step) && (step.op === "same" || step.op in DRIFTS);
}

/** The text of an error, with the resource that it is about, and without the colours of the terminal. */
export function errorOf({ diagnosticEvent }: EngineEvent): string | undefined {
  if (diagnosticEvent?.severity !== "error") return undefined;
  const text = diagnosticEvent.message.replace(/<\{%[^%]*%\}>/g, "").trim();
  const { urn = "" } = diagnosticEvent;
  return urn === "" || urn.includes("::pulumi:pulumi:Stack::") ? text : `${urn.split("::").at(-1)}: ${text}`;
}

/** Not components, and not the engine's own, such as providers. */
function isResource({ provider, type }: Step): boolean {
  return provider !== "" && !type.startsWith("pulumi:");
}

function serverOf({ type }: Step): Server {
  return type.startsWith("kubernetes:") ? "Kubernetes" : "Vault";
}

function nameOf({ urn }: Step): string {
  return urn.split("::").slice(3).join("::");
}

/** A provider that tells no paths tells at least the names of the inputs. */
function differences({ detailedDiff, diffs, old, new: wanted }: Step): readonly FieldDifference[] {
  const fields = Object.keys(detailedDiff ?? {});
  return (fields.length > 0 ? fields : (diffs ?? [])).map((field) => {
    const declared = shown(at(wanted?.inputs, field));
    const found = shown(at(old?.outputs, field) ?? at(old?.inputs, field));
    return {
      field,
      ...(declared === undefined ? {} : { declared }),
      ...(found === undefined ? {} : { found }),
    };
  });
}

/** The value at a property path such as `spec.data[0].key` or `metadata.labels["a.b"]`. */
function at(value: unknown, path: string): unknown {
  const names = [...path.matchAll(/\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|([^.[\]]+)/g)].map(
    ([, quoted, index, plain]) => quoted ?? index ?? plain ?? "",
  );
  return names.reduce<unknown>(
    (inner, name) =>
      typeof inner === "object" && inner !== null
        ? (inner as Readonly<Record<string, unknown>>)[name]
        : undefined,
    value,
  );
}
