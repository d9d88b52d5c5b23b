import { describe, expect, it } from 'vitest';
import { ParseError } from '../parse-error.ts';
import { hostOptions } from './options.ts';
import { readRecording } from './recording.test-support.ts';
import { parseSimulation, refuseTargets, simulate } from './simulation.ts';

function target(name: string, version: string) {
  return { name, architecture: 'amd64', version };
}

describe('the simulation', () => {
  it('names each target with its exact version and never allows a removal or a downgrade', () => {
    const { argv } = simulate([target('bash', '5'), { ...target('tzdata', '1'), architecture: 'all' }], hostOptions);
    expect(argv.slice(-3)).toEqual(['install', 'bash:amd64=5', 'tzdata=1']);
    expect(argv).toContain('--no-remove');
    expect(argv.join(' ')).not.toMatch(/downgrade/);
  });

  it('reads upgrades and new packages', () => {
    const { changes, failures } = parseSimulation(readRecording('simulate-new-dependency'));
    expect(failures).toEqual([]);
    expect(changes).toEqual([
      {
        action: 'install',
        name: 'fresh',
        architecture: 'amd64',
        fromVersion: null,
        toVersion: '1',
        origins: 'localhost',
      },
      {
        action: 'upgrade',
        name: 'newdep',
        architecture: 'amd64',
        fromVersion: '1',
        toVersion: '2',
        origins: 'localhost',
      },
    ]);
  });

  it('reads what a whole real machine would get', () => {
    const { changes, keptBack } = parseSimulation(readRecording('upgrade-machine'));
    const { stdout } = readRecording('upgrade-machine');
    expect(changes).toHaveLength(Number(/^(\d+) upgraded, 0 newly installed/m.exec(stdout)?.[1]));
    expect(changes.length).toBeGreaterThan(100);
    expect(keptBack).toEqual([]);
    expect(changes.find(({ name }) => name === 'libgcrypt20')).toEqual({
      action: 'upgrade',
      name: 'libgcrypt20',
      architecture: 'amd64',
      fromVersion: '1.10.1-3',
      toVersion: '1.10.1-3+deb12u1',
      origins: 'Debian:12.15/oldstable, Debian-Security:12/oldstable-security',
    });
  });

  it('reads removals', () => {
    const line = 'Remv foo:i386 [1.2-3] [bar:amd64 ]\n';
    expect(parseSimulation({ exitCode: 0, stdout: line, stderr: '' }).changes).toEqual([
      { action: 'remove', name: 'foo', architecture: 'i386', fromVersion: '1.2-3', toVersion: null, origins: '' },
    ]);
  });

  it('tells what is kept back and which holds a request would break', () => {
    expect(parseSimulation(readRecording('upgrade-all')).keptBack).toEqual(['broken', 'held', 'solo']);
    expect(parseSimulation(readRecording('simulate-held')).heldChanged).toEqual(['held']);
  });

  it('reads upgrades that are deferred due to phasing', () => {
    const stdout = 'The following upgrades have been deferred due to phasing:\n  one two\n  three\n0 upgraded\n';
    expect(parseSimulation({ exitCode: 0, stdout, stderr: '' }).phased).toEqual(['one', 'two', 'three']);
  });

  it.each([
    ['simulate-needs-removal', 'needs-removal', ['victim']],
    ['simulate-unmet', 'dependency-blocked', ['broken']],
    ['simulate-version-not-found', 'not-obtainable', ['plain']],
    ['simulate-not-found', 'not-obtainable', ['nosuch']],
  ])('says why in %s: %s', (recording, reason, packages) => {
    const { failures } = parseSimulation(readRecording(recording));
    expect(failures).toEqual([expect.objectContaining({ reason, packages })]);
  });

  it('refuses the targets that a failure names, and none for a removal', () => {
    const { failures } = parseSimulation(readRecording('simulate-unmet'));
    expect(refuseTargets([target('broken', '2'), target('plain', '2')], failures)).toEqual([
      { ...target('broken', '2'), reason: 'dependency-blocked', detail: expect.stringContaining('nowhere (>= 3)') },
    ]);
    const removal = parseSimulation(readRecording('simulate-needs-removal')).failures;
    expect(refuseTargets([target('solo', '2'), target('victim', '2')], removal)).toEqual([]);
  });

  it('refuses a failure without a known reason and a line that it cannot read', () => {
    expect(() => parseSimulation({ exitCode: 100, stdout: '', stderr: 'E: dpkg was interrupted' })).toThrow(ParseError);
    expect(() => parseSimulation({ exitCode: 0, stdout: 'Inst what\n', stderr: '' })).toThrow(ParseError);
  });
});
