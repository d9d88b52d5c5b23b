import { describe, expect, it } from 'vitest';
import { compareInstalled } from './patch-root.ts';
import { compileSelection } from './select-packages.ts';

const installed = (name: string, version: string, architecture = 'amd64') => ({
  name,
  version,
  architecture,
  source: name,
  sourceVersion: version,
  section: '',
  priority: '',
});

describe('what changed between two states of a machine', () => {
  it('is what came, what went and what has another version', () => {
    const before = [installed('bash', '5.1'), installed('gone', '1'), installed('same', '1')];
    const after = [installed('bash', '5.2'), installed('new', '1', 'all'), installed('same', '1')];
    expect(compareInstalled(before, after)).toEqual([
      { name: 'bash', architecture: 'amd64', fromVersion: '5.1', toVersion: '5.2' },
      { name: 'gone', architecture: 'amd64', fromVersion: '1', toVersion: null },
      { name: 'new', architecture: 'all', fromVersion: null, toVersion: '1' },
    ]);
  });

  it('tells the architectures of one name apart', () => {
    const before = [installed('libc6', '1'), installed('libc6', '1', 'i386')];
    const after = [installed('libc6', '1'), installed('libc6', '2', 'i386')];
    expect(compareInstalled(before, after)).toMatchObject([{ architecture: 'i386', fromVersion: '1', toVersion: '2' }]);
  });
});

describe('a selection of packages', () => {
  it('wants everything where nothing is included', () => {
    const explain = compileSelection({ include: [], exclude: ['linux-*'] });
    expect(explain('bash')).toBeNull();
    expect(explain('linux-image-amd64')).toBe('It is excluded.');
  });

  it('wants what is included and not excluded', () => {
    const explain = compileSelection({ include: ['lib*'], exclude: ['libc6'] });
    expect(explain('libssl3')).toBeNull();
    expect(explain('libc6')).toBe('It is excluded.');
    expect(explain('bash')).toContain('not among the packages');
  });
});
