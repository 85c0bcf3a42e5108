import { hostname } from "node:os";
import { appended, type Evidence, requireGenuine } from "./evidence.ts";
import { evidenceFileName, readEvidence, writeEvidence } from "./evidence-file.ts";
import { RunJournal } from "./journal.ts";
import type { Incident } from "./memory.ts";
import type { Scene, Who } from "./scene.ts";

/** The evidence file of an incident in this folder, if there is one; held against Vault's memory. */
export async function knownRecord(
  scene: Scene,
  incident: Incident | undefined,
  vaultCluster: string,
  file: string,
): Promise<Evidence | undefined> {
  const evidence = await readEvidence(file);
  if (evidence === undefined) return undefined;
  requireGenuine(evidence, file, { environment: scene.settings.environment, vaultCluster }, incident);
  return evidence;
}

/** Begins the record of a run: goes on in the file that is there, else in a new one that says what it goes on from. */
export async function openJournal(
  scene: Scene,
  incident: Incident,
  known: Evidence | undefined,
  who: Who,
  vaultCluster: string,
  plan: Readonly<Record<string, unknown>>,
): Promise<{ readonly journal: RunJournal; readonly file: string }> {
  const { environment } = scene.settings;
  const file = evidenceFileName(environment, incident.id);
  const begun: Evidence = known ?? {
    head: {
      format: 1,
      ...{ environment, vaultCluster, incident: incident.id, path: incident.name, apiPath: incident.apiPath },
      ...{ drill: incident.drill, startedAt: new Date().toISOString(), continues: incident.evidence },
    },
    entries: [],
  };
  const evidence = appended(begun, {
    ...{ at: new Date().toISOString(), step: "run", event: "begun", plan },
    by: { ...who, vaultPolicies: [...who.vaultPolicies], host: hostname() },
  });
  await writeEvidence(file, evidence);
  return {
    file,
    journal: new RunJournal({ store: scene.store, recorder: scene.recorder, file, evidence, incident }),
  };
}
