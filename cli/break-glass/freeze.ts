import type { Login } from "../../access/matrix.ts";
import { accessMatrix } from "../../access/matrix.ts";
import { nearest } from "../../config/problems.ts";
import type { Settings } from "../../config/schema.ts";

/** What `--freeze` stops besides the readers of the path. */
export interface Freeze {
  /** As it was named. */
  readonly name: string;
  /** Logins that are turned off as a whole: no request of theirs is answered, and no login of theirs succeeds. */
  readonly logins: readonly Login[];
  /** Paths that are denied instead, where the service shares its login with others, which go on. */
  readonly paths: readonly string[];
  /** Services of that shared login that read some of those paths too, and lose them with it. */
  readonly alsoHit: readonly string[];
}

/**
 * The namespace or service that an operator named: `llm`, `llm-gateway`, or `llm/llm-gateway`.
 * @throws Error that suggests the nearest, or lists those that share the name
 */
export function freezeOf(settings: Settings, name: string): Freeze {
  const { logins, services } = accessMatrix(settings);
  const ofNamespace = logins.filter(({ namespace }) => namespace === name);
  const ofService = services.filter(
    ({ namespace, service }) => name === `${namespace}/${service}` || name === service,
  );
  if (ofNamespace.length + ofService.length === 0) {
    const known = [...new Set([...logins.map(({ namespace }) => namespace), ...services.flatMap(namesOf)])];
    const near = nearest(name, known);
    throw new Error(
      `--freeze: ${name} is no declared namespace with a store, and no service.${near === undefined ? "" : ` Is it ${near}?`} ` +
        `Declared: ${known.join(", ")}. Nothing was done.`,
    );
  }
  const places = [
    ...(ofNamespace.length > 0 ? [`namespace ${name}`] : []),
    ...ofService.map(({ namespace, service }) => `service ${namespace}/${service}`),
  ];
  if (places.length > 1) {
    throw new Error(
      `--freeze: ${name} is ${places.join(", ")}: name a service as <namespace>/<service>. Nothing was done.`,
    );
  }
  if (ofNamespace.length > 0) return { name, logins: ofNamespace, paths: [], alsoHit: [] };
  const [row] = ofService;
  return serviceFreeze(name, row?.namespace ?? "", row?.service ?? "", logins);
}

function serviceFreeze(name: string, namespace: string, service: string, logins: readonly Login[]): Freeze {
  const own = logins.filter((login) => login.namespace === namespace && login.service === service);
  if (own.length > 0) return { name, logins: own, paths: [], alsoHit: [] };
  const shared = logins.filter((login) => login.namespace === namespace && login.service === undefined);
  const reads = shared.flatMap((login) =>
    login.reads.filter(({ declaredBy }) => declaredBy.includes(service)),
  );
  const others = reads.flatMap(({ declaredBy }) => declaredBy.filter((one) => one !== service));
  return {
    name,
    logins: [],
    paths: [...new Set(reads.map(({ path }) => path))],
    alsoHit: [...new Set(others)].toSorted(),
  };
}

function namesOf({
  namespace,
  service,
}: {
  readonly namespace: string;
  readonly service: string;
}): readonly string[] {
  return [service, `${namespace}/${service}`];
}
