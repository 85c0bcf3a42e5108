import { rotatorSpec } from "../../../components/rotation/rotator-spec.ts";
import type { KvPropertyPlace, RotationKey } from "../../../config/rotation-settings.ts";
import { chooseProvider } from "../../../jobs/rotator/providers/choose.ts";
import type { Provider, ProviderKey } from "../../../jobs/rotator/providers/provider.ts";
import { readReport } from "../../../jobs/rotator/report.ts";
import { inParallel } from "../../in-parallel.ts";
import { explained, readState } from "../../secrets/kv.ts";
import type { RunJournal } from "../journal.ts";
import { dataPath, placeText } from "../places.ts";
import type { Result } from "../runner.ts";
import type { Scene } from "../scene.ts";

/** Seconds: the rest of the steps waits for a provider that does not answer. */
const LIMITS = { request: 10, retry: 20, test: 1, sync: 1 } as const;

/** A rotation that runs may make one more key while the others are revoked. */
const MOST_ROUNDS = 3;
const AT_ONCE = 4;

/**
 * Revokes every key of a rotation at its provider, found there by its name: current, previous, and what no run has taken up.
 * Keys that people made have no such name: they are told of.
 * A drill lists them and revokes none.
 */
export async function revokeAtProvider(
  scene: Scene,
  { incident }: RunJournal,
  key: RotationKey,
): Promise<Result> {
  const rehearsal = incident.drill;
  const byPeople = await keysOfPeople(scene, key, incident.lastVersions[placeText(key.live)]);
  const provider = await providerOf(scene, key);
  const { maker, revoke } = provider;
  if (maker === undefined || revoke === undefined) {
    return {
      text: `${key.provider} cannot be asked to list and revoke keys (kind: ${key.providerSpec.kind})`,
      left: [
        `archive the keys of ${key.name} at ${key.provider} by hand: ${byPeople.join("; ") || "those that stand there"}`,
      ],
      before: { keys: byPeople },
    };
  }
  const found = await maker.list(key.namePrefix);
  const before = { keys: found.map(({ id, name }) => ({ id, name })) };
  if (rehearsal) return { text: `${found.length} key(s) found at ${key.provider}, none revoked`, before };
  const left = await revokeAll({ maker, revoke }, key, found);
  const archive = byPeople.map(
    (what) => `${what}: its name does not say whose it is; archive it at ${key.provider} by hand`,
  );
  return {
    text: `${found.length - left.length} of ${found.length} key(s) revoked at ${key.provider}`,
    left: [...left, ...archive],
    before,
    after: { keys: left },
  };
}

interface Revoking {
  readonly maker: NonNullable<Provider["maker"]>;
  readonly revoke: NonNullable<Provider["revoke"]>;
}

/**
 * One key that the provider does not let go holds up none of the others.
 * @returns what is not revoked, in words
 */
async function revokeAll(
  { maker, revoke }: Revoking,
  { namePrefix, provider }: RotationKey,
  found: readonly ProviderKey[],
): Promise<readonly string[]> {
  let keys = found;
  for (let round = 0; keys.length > 0; round += 1) {
    if (round === MOST_ROUNDS)
      return keys.map(({ name }) => `${name} is still at ${provider}: somebody goes on making keys`);
    const asked = await inParallel(keys, AT_ONCE, ({ id, name }) =>
      revoke(id).then(
        () => [],
        (error: unknown) => [`still valid at ${provider}: ${name} (${messageOf(error)})`],
      ),
    );
    const left = asked.flat();
    if (left.length > 0) return left;
    keys = await maker.list(namePrefix);
  }
  return [];
}

async function providerOf(scene: Scene, key: RotationKey): Promise<Provider> {
  const { rotation } = scene.settings;
  if (rotation === undefined) throw new Error("no rotation is declared");
  const spec = { ...rotatorSpec(scene.settings, rotation, key), limits: LIMITS };
  const admin = key.admin === undefined ? undefined : await adminCredential(scene, key.admin);
  return chooseProvider(spec, admin, (request, answer) => scene.recorder.provider(request, answer));
}

async function adminCredential({ vault }: Scene, admin: KvPropertyPlace): Promise<string> {
  const path = dataPath(admin);
  const secret = await vault.read(path).catch((error: unknown) => {
    throw explained(error, "read", path);
  });
  const value = (secret?.data as Readonly<Record<string, unknown>> | null | undefined)?.[admin.property];
  if (typeof value === "string" && value !== "") return value;
  throw new Error(
    `${admin.mount}/${admin.path}#${admin.property} holds no admin credential, so the keys are revoked by hand at the provider`,
  );
}

/** Keys that no rotation made, as far as its report and the versions tell: their ids are known to nobody here. */
async function keysOfPeople(
  { vault }: Scene,
  { live, state }: RotationKey,
  destroyed: number | undefined,
): Promise<readonly string[]> {
  const [there, said] = await Promise.all([
    readState(vault, live.mount, live.path),
    readState(vault, state.mount, state.path),
  ]);
  const report = readReport(said.custom);
  // What was put after the versions were destroyed is the new key.
  const newest = destroyed ?? there.currentVersion;
  const current = newest > 0 && report?.current?.version !== newest;
  return [
    ...(current ? [`the key of version ${newest} of ${placeText(live)}, which somebody put`] : []),
    ...(report?.previous ?? [])
      .filter(({ name }) => name === undefined)
      .map(
        ({ revokeAfter }) =>
          `the key before it, valid until ${revokeAfter ?? "somebody archives it"}, which somebody put`,
      ),
  ];
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
