import { homedir } from "node:os";
import { accessDiff } from "../../access/diff.ts";
import { type Filter, filtered } from "../../access/filter.ts";
import { accessMatrix, SESSION_GRANTS } from "../../access/matrix.ts";
import { vaultConnection } from "../connection.ts";
import { stackFileName, stackSettings } from "../stack.ts";
import { diffJson, diffMarkdown, diffText } from "./diff-text.ts";
import { settingsAt } from "./git.ts";
import { checkLive } from "./live/check.ts";
import { tokenMinter } from "./live/tokens.ts";
import { liveMarkdown, liveText } from "./live-text.ts";
import { matrixMarkdown, matrixText } from "./matrix-text.ts";
import { progress } from "./progress.ts";

/** Exit code of `--live` when Vault grants something else than is declared; 1 is kept for errors. */
export const SOMETHING_DIFFERS = 2;

export interface Output {
  readonly stack: string;
  readonly json?: true;
  readonly markdown?: true;
}

/** Prints the declared matrix, or the part of it that is asked about. @returns the exit code */
export async function show(options: Output & Filter): Promise<number> {
  const matrix = filtered(accessMatrix(await stackSettings(options.stack)), options);
  print(options, {
    text: () => matrixText(matrix),
    markdown: () => matrixMarkdown(matrix),
    json: () => ({ stack: options.stack, ...matrix, session: SESSION_GRANTS }),
  });
  return 0;
}

/** Prints what changed since a ref. @returns 0, changes or none: they are for a person to judge */
export async function diff(ref: string, options: Output): Promise<number> {
  const before = await settingsAt(".", ref, stackFileName(options.stack));
  const changes = accessDiff(before, await stackSettings(options.stack));
  const compared = { stack: options.stack, ref };
  print(options, {
    text: () => diffText(changes, compared),
    markdown: () => diffMarkdown(changes, compared),
    json: () => diffJson(changes, compared),
  });
  return 0;
}

/** Asks Vault. @returns 0 when it answers as declared, else {@link SOMETHING_DIFFERS} */
export async function live(options: Output & { readonly context?: string }): Promise<number> {
  const settings = await stackSettings(options.stack);
  const connection = await vaultConnection(settings.vault, process.env, homedir());
  const mint = tokenMinter(options.context ?? settings.kubernetes.context);
  const report = await checkLive({ settings, connection, mint, report: progress("access") });
  print(options, {
    text: () => liveText(report),
    markdown: () => liveMarkdown(report),
    json: () => ({ stack: options.stack, ...report }),
  });
  return report.differences.length === 0 ? 0 : SOMETHING_DIFFERS;
}

interface Forms {
  readonly text: () => string;
  readonly markdown: () => string;
  readonly json: () => object;
}

function print({ json, markdown }: Output, forms: Forms): void {
  if (json) console.log(JSON.stringify(forms.json(), null, 2));
  else console.log(markdown ? forms.markdown() : forms.text());
}
