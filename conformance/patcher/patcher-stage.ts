import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runTool } from '../support/run-tool.ts';
import { startTestArchives, type TestArchives } from '../support/test-archive.ts';
import { type HardCase, type HardCaseArchive, hardCaseReleasesOf, stageHardCases } from '../support/test-packages.ts';
import { createTestRoot, prepareBaseRoot, type TestRoot } from '../support/test-root.ts';

/** A root with cases installed from archives of its own, and a folder beside it for what the patcher keeps. */
export interface PatcherStage {
  readonly folder: string;
  readonly root: TestRoot;
  readonly archives: TestArchives<HardCaseArchive>;
  /** Everything about every file of the root that a write would change. */
  listRoot(): Promise<string>;
  close(): Promise<void>;
}

export async function openPatcherStage(cases: readonly HardCase[], suite = 'bookworm'): Promise<PatcherStage> {
  const folder = await mkdtemp(join(tmpdir(), 'patcher-'));
  const archives = await startTestArchives(hardCaseReleasesOf(suite));
  const root = await createTestRoot({
    base: await prepareBaseRoot({ suite }),
    directory: join(folder, 'root'),
    archives: Object.values(archives.archives),
    keyring: archives.keyring,
  });
  await stageHardCases({ root, archives: archives.archives }, cases);
  return {
    folder,
    root,
    archives,
    listRoot: () => runTool(['find', root.directory, '-xdev', '-printf', '%P %y %m %s %T@ %C@\\n']),
    async close() {
      await root.remove();
      await archives.close();
      await rm(folder, { recursive: true });
    },
  };
}
