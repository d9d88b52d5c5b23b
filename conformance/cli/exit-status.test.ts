import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runPatchbay } from '../support/patchbay-process.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cli-'));
  await writeFile(join(folder, 'broken.json'), '{');
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('a command line that is wrong', () => {
  // 1 would be a verdict: not compliant.
  it.each([
    ['an unknown option', ['scan', '--bogus'], 'unknown option'],
    ['an unknown format', ['scan', '--output', 'yaml'], 'Allowed choices are table, json'],
    ['an unknown command', ['bogus'], 'unknown command'],
    ['a root that is not there', ['scan', '--root', '/nowhere'], 'no directory "/nowhere"'],
    ['a baseline that is no JSON', ['scan', '--baseline', '{folder}/broken.json'], 'cannot be read as JSON'],
    ['a bill of materials of nothing', ['sbom', '--root', '/nowhere'], '/nowhere is not a directory'],
    ['a format of bills that is not known', ['sbom', '--format', 'swid'], 'Allowed choices are cyclonedx, spdx'],
    ['a missing option', ['agent'], '--state'],
    ['half an activation', ['agent', '--state', '{folder}/state', '--activation-id', 'x'], 'belong together'],
    ['an agent that was never enrolled', ['agent', '--state', '{folder}/state'], 'is not enrolled yet'],
    ['no installation', ['env', '--data', '/nowhere'], 'no installation in /nowhere'],
    ['settings that are not there', ['settings', 'put', '/nowhere.json'], '/nowhere.json cannot be read'],
    ['settings that are no JSON', ['settings', 'put', '{folder}/broken.json'], 'cannot be read as JSON'],
    ['a plan for nobody', ['plan'], 'Say what to plan for'],
    ['a plan for two things', ['plan', 'x', '--window', 'mw-1'], 'Say what to plan for'],
    ['a backup without its file', ['backup'], "missing required argument 'file'"],
    ['an image that goes nowhere', ['image', 'patch', 'localhost/app'], 'with --push'],
    ['an image of no registry', ['image', 'scan', 'debian:12', '--store', '{folder}/store'], 'name the registry too'],
    ['an address of the network without certificates', ['up', '--host', '0.0.0.0'], '--tls-cert'],
  ])('%s ends with status 2 and a sentence', async (_what, words, sentence) => {
    const { exitCode, output } = await runPatchbay(words.map((word) => word.replace('{folder}', folder)));
    expect(output).toContain(sentence);
    expect(output).not.toContain('    at ');
    expect(exitCode).toBe(2);
  });

  it('explain says that the control plane is not there', async () => {
    const access = {
      endpoint: 'http://127.0.0.1:9',
      region: 'us-east-1',
      accountId: '1',
      accessKeyId: 'A',
      secretAccessKey: 'b',
    };
    await writeFile(join(folder, 'administrator.json'), JSON.stringify(access));
    const { exitCode, output } = await runPatchbay(['explain', 'mi-0123456789abcdef0', '--data', folder]);
    expect(output).toContain('cannot be reached at http://127.0.0.1:9');
    expect(exitCode).toBe(2);
  });

  it.each([['--help'], ['--version']])('%s is no mistake', async (word) => {
    expect((await runPatchbay([word])).exitCode).toBe(0);
  });
});
