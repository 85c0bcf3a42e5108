import type { RunJournal } from "./journal.ts";
import type { Plan } from "./plan.ts";
import type { Step } from "./runner.ts";
import type { Scene } from "./scene.ts";
import { check } from "./steps/check.ts";
import { deny } from "./steps/deny.ts";
import { destroyVersions } from "./steps/destroy.ts";
import { freeze } from "./steps/freeze.ts";
import { denyNewcomers } from "./steps/newcomers.ts";
import { revokeAtProvider } from "./steps/provider.ts";
import { restoringSteps } from "./steps/restore.ts";
import { deleteSecrets } from "./steps/secrets.ts";
import { storeThrowaway } from "./steps/store.ts";
import { revokeTokens } from "./steps/tokens.ts";

/**
 * The steps of a revocation in the order that leaves no window: who is denied cannot read what is about to go, and cannot
 * bring it back. Nothing is destroyed or deleted before the denial stands; a provider that fails holds up nothing.
 */
export function stepsOf(scene: Scene, journal: RunJournal, plan: Plan): readonly Step[] {
  const rehearsal = journal.incident.drill;
  const { freeze: frozen } = plan;
  return [
    ...(rehearsal
      ? [{ id: "store", title: "store a throwaway value", needs: [], run: () => storeThrowaway(scene, plan) }]
      : []),
    {
      id: "deny",
      title: "deny the readers",
      needs: [],
      run: () => deny(scene, journal, { paths: plan.denied, readers: plan.readers }),
    },
    {
      id: "newcomers",
      title: "deny first logins too",
      needs: ["deny"],
      run: () => denyNewcomers(scene, journal, plan.readers),
    },
    ...(frozen === undefined || frozen.logins.length === 0
      ? []
      : [
          {
            id: "freeze",
            title: `turn off ${frozen.name}`,
            needs: [],
            run: () => freeze(scene, journal, frozen.logins),
          },
        ]),
    {
      id: "tokens",
      title: "end their tokens",
      needs: ["deny"],
      run: () => revokeTokens(scene, { entities: entitiesAffected(journal), paths: plan.denied }, rehearsal),
    },
    ...providerSteps(scene, journal, plan),
    ...(plan.destroyed.length === 0
      ? []
      : [
          {
            id: "destroy",
            title: "destroy the versions",
            needs: ["deny"],
            run: () => destroyVersions(scene, journal, plan.destroyed),
          },
        ]),
    ...(plan.secrets.length === 0
      ? []
      : [
          {
            id: "secrets",
            title: "delete the Secrets",
            needs: ["deny"],
            run: () => deleteSecrets(scene, plan.secrets, rehearsal),
          },
        ]),
    { id: "check", title: "look again", needs: ["deny"], run: () => check(scene, journal, plan) },
    ...(rehearsal ? restoringSteps(scene, journal) : []),
  ];
}

function providerSteps(
  scene: Scene,
  journal: RunJournal,
  { provider, rotations, target }: Plan,
): readonly Step[] {
  if (!provider) return [];
  if (rotations.length === 0) {
    const left = [
      `no rotation is declared for ${target.name}: revoke what stood there at whoever issued it, by hand`,
    ];
    return [
      {
        id: "provider",
        title: "revoke at the provider",
        needs: [],
        run: async () => ({ text: "nobody to ask: no rotation is declared for it", left }),
      },
    ];
  }
  return rotations.map((key) => ({
    id: `provider:${key.name}`,
    title: `revoke ${key.name} at ${key.provider}`,
    needs: [],
    run: () => revokeAtProvider(scene, journal, key),
  }));
}

function entitiesAffected({ incident }: RunJournal): readonly string[] {
  return [...(incident.denial?.members ?? []), ...incident.frozen];
}
