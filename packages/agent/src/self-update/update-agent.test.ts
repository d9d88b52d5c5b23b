import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { HttpConnection } from '../client/index.ts';
import { openStateDirectory, writeOnlineNote } from '../state/index.ts';
import { makePrivateDirectory } from '../test-support/private-directory.ts';
import type { Timers } from '../timers.ts';
import type { Dpkg } from './dpkg.ts';
import { type UpdateParts, updateAgent } from './update-agent.ts';

const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const releaseKey = { keyId: 'k', publicKey: publicKey.export({ format: 'der', type: 'spki' }).toString('base64') };
const digestOf = (text: string) => createHash('sha256').update(text).digest('hex');

/** Sleeps take no time, and the clock stands where it would after them. */
function createPassingTimers(): Timers {
  let now = Date.parse('2026-11-22T10:00:00.000Z');
  return {
    now: () => new Date(now),
    random: () => 0.5,
    sleep: async (milliseconds) => {
      now += milliseconds;
    },
  };
}

interface Setup {
  readonly parts: UpdateParts;
  readonly installed: string[];
  readonly lines: string[];
  readonly complaints: string[];
  readonly packages: () => string[];
}

interface Situation {
  /** Versions that report in once they are installed. */
  readonly comingUp?: readonly string[];
  /** Versions that dpkg installs; the others it leaves half done. */
  readonly installable?: readonly string[];
  /** How often dpkg finds somebody else at work first. */
  readonly busy?: number;
  readonly served?: readonly string[];
  /** Content of the package of a version as it is sent; as it was signed where absent. */
  readonly sent?: Readonly<Record<string, string>>;
  readonly isKeyPinned?: boolean;
  readonly request?: Partial<UpdateParts['request']>;
}

/** A machine with 1.0.0, and a control plane. Which agents come up is told; everything else is the real thing. */
function setUp(situation: Situation = {}): Setup {
  const { comingUp = ['1.0.0', '1.1.0'], installable = ['1.0.0', '1.1.0'], served = ['1.0.0', '1.1.0'] } = situation;
  const state = openStateDirectory(makePrivateDirectory());
  const runDirectory = join(state.runs, 'run');
  mkdirSync(runDirectory);
  const fileName = (version: string) => `patchbay-agent_${version}_amd64.deb`;
  const sums = served.map((version) => `${digestOf(version)}  ${fileName(version)}\n`).join('');
  const files = new Map([
    ['/agent/SHA256SUMS', sums],
    ['/agent/SHA256SUMS.sig', sign(null, Buffer.from(sums), privateKey).toString('base64')],
    ...served.map((version) => [`/agent/${fileName(version)}`, situation.sent?.[version] ?? version] as const),
  ]);
  const connection: Pick<HttpConnection, 'get'> = {
    get: async (path, _limits, take) => {
      const content = files.get(path);
      if (content !== undefined) take(Buffer.from(content));
      return content === undefined ? 404 : 200;
    },
  };
  const installed: string[] = [];
  let current = { version: '1.0.0', isWhole: true };
  let busy = situation.busy ?? 0;
  const dpkg: Dpkg = {
    readArchitecture: async () => 'amd64',
    findInstalled: async () => current,
    install: async (file) => {
      if (busy > 0) {
        busy -= 1;
        return false;
      }
      const version = /_(?<version>[\d.]+)_/.exec(file)?.groups?.['version'] ?? '';
      installed.push(version);
      current = { version, isWhole: installable.includes(version) };
      // The process of before is gone in any case.
      writeOnlineNote(state, current.isWhole && comingUp.includes(version) ? version : 'none');
      return current.isWhole;
    },
  };
  writeOnlineNote(state, '1.0.0');
  const lines: string[] = [];
  const complaints: string[] = [];
  const parts: UpdateParts = {
    request: { version: '', allowDowngrade: false, reportInSeconds: 20, ...situation.request },
    identity: { releaseKey: situation.isKeyPinned === false ? null : releaseKey },
    state,
    runDirectory,
    connection,
    dpkg,
    isSystemd: true,
    timers: createPassingTimers(),
    report: (line) => lines.push(line),
    complain: (line) => complaints.push(line),
  };
  return { parts, installed, lines, complaints, packages: () => readdirSync(state.packages).sort() };
}

describe('an update of the agent', () => {
  it('succeeds once the new version has reported in, and keeps the way back', async () => {
    const { parts, installed, packages } = setUp();
    expect(await updateAgent(parts)).toBe(0);
    expect(installed).toEqual(['1.1.0']);
    expect(packages()).toEqual(['patchbay-agent_1.0.0_amd64.deb', 'patchbay-agent_1.1.0_amd64.deb']);
  });

  it('waits for whoever installs something else', async () => {
    const { parts, installed } = setUp({ busy: 3 });
    expect(await updateAgent(parts)).toBe(0);
    expect(installed).toEqual(['1.1.0']);
  });

  it.each([
    ['does not report in', { comingUp: ['1.0.0'] }, /1\.1\.0 did not report in within 20 seconds/],
    ['cannot be installed', { installable: ['1.0.0'] }, /1\.1\.0 could not be installed/],
  ])('puts the old version back when the new one %s', async (_title, situation, reason) => {
    const { parts, installed, complaints } = setUp(situation);
    expect(await updateAgent(parts)).toBe(1);
    expect(installed).toEqual(['1.1.0', '1.0.0']);
    expect(complaints[0]).toMatch(reason);
    expect(complaints[1]).toBe('patchbay-agent 1.0.0 is back and has reported in');
  });

  it('says so when the old version does not come back either', async () => {
    const { parts, complaints } = setUp({ comingUp: [] });
    expect(await updateAgent(parts)).toBe(1);
    expect(complaints.at(-1)).toMatch(/look at this machine/);
  });

  it('changes nothing where the newest version is in place', async () => {
    const { parts, installed } = setUp({ served: ['1.0.0'] });
    expect(await updateAgent(parts)).toBe(0);
    expect(installed).toEqual([]);
  });

  it.each<[string, Situation, string]>([
    ['without a pinned release key', { isKeyPinned: false }, 'NO_RELEASE_KEY'],
    ['to a package that is not the signed one', { sent: { '1.1.0': 'another' } }, 'DAMAGED_DOWNLOAD'],
    ['to an older version by mistake', { served: ['0.9.0'] }, 'DOWNGRADE'],
    ['without a way back', { served: ['1.1.0'] }, 'NO_WAY_BACK'],
    ['to what is not served', { request: { version: '3.0.0' } }, 'NOT_SERVED'],
  ])('does not begin %s', async (_title, situation, code) => {
    const { parts, installed } = setUp(situation);
    await expect(updateAgent(parts)).rejects.toMatchObject({ code });
    expect(installed).toEqual([]);
  });
});

describe('an update that was cut off', () => {
  const cutOff = (setup: Setup) => {
    const { state, runDirectory } = setup.parts;
    mkdirSync(state.packages);
    const oldPackage = join(state.packages, 'patchbay-agent_1.0.0_amd64.deb');
    const newPackage = join(state.packages, 'patchbay-agent_1.1.0_amd64.deb');
    const checkpoint = { from: '1.0.0', to: '1.1.0', oldPackage, newPackage };
    writeFileSync(join(runDirectory, 'update.json'), JSON.stringify(checkpoint));
  };

  it('is undone where the new version is not in place', async () => {
    const setup = setUp();
    cutOff(setup);
    expect(await updateAgent(setup.parts)).toBe(1);
    expect(setup.installed).toEqual(['1.0.0']);
  });

  it('has succeeded where the new version is in place and has reported in', async () => {
    const setup = setUp();
    cutOff(setup);
    await setup.parts.dpkg.install('patchbay-agent_1.1.0_amd64.deb', () => {});
    setup.installed.length = 0;
    expect(await updateAgent(setup.parts)).toBe(0);
    expect(setup.installed).toEqual([]);
  });
});
