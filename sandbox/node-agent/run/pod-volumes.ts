import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { KubeClient } from "../api/client.ts";
import { type Container, type Pod, podKey } from "../api/types.ts";
import type { MountPath } from "../plan/mount-paths.ts";
import { SERVICE_ACCOUNT_DIR } from "../plan/process-plan.ts";
import {
  downwardFiles,
  MountError,
  objectFiles,
  type VolumeFile,
  type VolumeSource,
  volumeSources,
} from "../plan/volume-files.ts";
import { getObject } from "./references.ts";
import { SERVICE_ACCOUNT_LINK } from "./service-account-binary.ts";
import { volumeFingerprint, writeVolume } from "./volume-dir.ts";

type Token = { readonly value: string; readonly refreshAt: number };
type TokenSource = VolumeSource & { readonly kind: "token" };

/** A token is renewed when this share of its life is over, as kubelet does. */
const TOKEN_REFRESH_SHARE = 0.8;

/** The volumes of one pod as directories under `<pod dir>/volumes`. */
export class PodVolumes {
  readonly #client: KubeClient;
  readonly #podDir: string;
  readonly #tokens = new Map<string, Token>();
  readonly #written = new Map<string, string>();

  constructor(client: KubeClient, podDir: string) {
    this.#client = client;
    this.#podDir = podDir;
  }

  /** Writes every volume whose content changed. Throws MountError when one cannot be made (yet). */
  async sync(pod: Pod): Promise<void> {
    for (const volume of pod.spec?.volumes ?? []) {
      const dir = this.#volumeDir(volume.name);
      const sources = volumeSources(volume);
      if (sources === undefined) {
        mkdirSync(dir, { recursive: true, mode: 0o700 });
        continue;
      }
      const files: VolumeFile[] = [];
      for (const source of sources) files.push(...(await this.#files(pod, volume.name, source)));
      const fingerprint = volumeFingerprint(files);
      if (this.#written.get(volume.name) === fingerprint) continue;
      writeVolume(dir, files);
      this.#written.set(volume.name, fingerprint);
    }
  }

  /** What stands for the mount paths of a container, its termination message file included. */
  mountPaths(pod: Pod, container: Container): readonly MountPath[] {
    const emptyDirs = new Set(
      (pod.spec?.volumes ?? []).filter((v) => v.emptyDir !== undefined).map((v) => v.name),
    );
    const mounts = (container.volumeMounts ?? []).map((mount) => {
      if (mount.subPathExpr !== undefined) {
        throw new MountError(`volumeMount "${mount.mountPath}": subPathExpr is not supported; use subPath`);
      }
      const realPath = join(this.#volumeDir(mount.name), mount.subPath ?? "");
      if (emptyDirs.has(mount.name)) mkdirSync(realPath, { recursive: true, mode: 0o700 });
      return { mountPath: mount.mountPath, realPath };
    });
    const termination = container.terminationMessagePath ?? "/dev/termination-log";
    return [...mounts, { mountPath: termination, realPath: this.terminationFile(container.name) }];
  }

  terminationFile(container: string): string {
    return join(this.#podDir, `termination-log-${container}`);
  }

  /**
   * Writes what stands for the in-cluster configuration, whose paths cannot exist here: a kubeconfig for the pod's own
   * service account, whose path is returned, and a link to its files. undefined when the container has no automatic
   * token.
   */
  writeServiceAccount(pod: Pod, container: Container): string | undefined {
    const mounts = this.mountPaths(pod, container);
    const dir = mounts.find(
      ({ mountPath }) => mountPath.replace(/\/+$/, "") === SERVICE_ACCOUNT_DIR,
    )?.realPath;
    if (dir === undefined) return undefined;
    const name = "sandbox";
    const config = {
      apiVersion: "v1",
      kind: "Config",
      clusters: [
        { name, cluster: { server: this.#client.server, "certificate-authority": join(dir, "ca.crt") } },
      ],
      users: [{ name, user: { tokenFile: join(dir, "token") } }],
      contexts: [{ name, context: { cluster: name, user: name, namespace: podKey(pod).namespace } }],
      "current-context": name,
    };
    const link = join(this.#podDir, SERVICE_ACCOUNT_LINK);
    rmSync(link, { force: true });
    symlinkSync(dir, link);
    const file = join(this.#podDir, `kubeconfig-${container.name}`);
    writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
    return file;
  }

  #volumeDir(name: string): string {
    return join(this.#podDir, "volumes", name);
  }

  async #files(pod: Pod, volume: string, source: VolumeSource): Promise<readonly VolumeFile[]> {
    if (source.kind === "downwardAPI") return downwardFiles(pod, source);
    if (source.kind === "token") {
      const token = await this.#token(pod, `${volume}/${source.path}`, source);
      return [{ path: source.path, content: Buffer.from(token, "utf8"), mode: source.mode }];
    }
    const kind = source.kind === "configMap" ? "configmaps" : "secrets";
    return objectFiles(source, await getObject(this.#client, podKey(pod).namespace, kind, source.name));
  }

  async #token(pod: Pod, key: string, source: TokenSource): Promise<string> {
    const held = this.#tokens.get(key);
    if (held !== undefined && Date.now() < held.refreshAt) return held.value;
    const { namespace, name, uid } = podKey(pod);
    const account = pod.spec?.serviceAccountName ?? "default";
    const asked = Date.now();
    const answer = await this.#client.send<{ status: { token: string; expirationTimestamp: string } }>(
      "POST",
      `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`,
      {
        apiVersion: "authentication.k8s.io/v1",
        kind: "TokenRequest",
        spec: {
          ...(source.audience === undefined ? {} : { audiences: [source.audience] }),
          expirationSeconds: source.expirationSeconds,
          boundObjectRef: { apiVersion: "v1", kind: "Pod", name, uid },
        },
      },
    );
    const lifeMs = Date.parse(answer.status.expirationTimestamp) - asked;
    this.#tokens.set(key, { value: answer.status.token, refreshAt: asked + lifeMs * TOKEN_REFRESH_SHARE });
    return answer.status.token;
  }
}
