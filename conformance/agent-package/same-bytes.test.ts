import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildAgentPackage } from '@patchbay/agent-package';
import { expect, it } from 'vitest';
import { runTool } from '../support/run-tool.ts';

it('is the same bytes whenever it is built, and whatever the umask is', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'same-bytes-'));
  const before = process.umask();
  try {
    const built: string[] = [];
    for (const umask of [0o077, 0o002]) {
      process.umask(umask);
      const cacheDirectory = join(folder, String(umask));
      const { path } = await buildAgentPackage({ architecture: 'amd64', compression: 'none', cacheDirectory });
      built.push(path);
    }
    process.umask(before);
    await runTool(['cmp', built[0] ?? '', built[1] ?? '']);
    expect(built[0]).not.toBe(built[1]);
  } finally {
    process.umask(before);
    rmSync(folder, { recursive: true, force: true });
  }
});
