import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { writePatcherScript } from './patcher-script.ts';

const source = {
  origin: 'http://127.0.0.1:8480',
  packages: [
    { fileName: 'patchbay-agent_1.0.0_amd64.deb', architecture: 'amd64', sha256: 'a'.repeat(64) },
    { fileName: 'patchbay-agent_1.0.0_arm64.deb', architecture: 'arm64', sha256: 'b'.repeat(64) },
  ],
  order: 'eyJ9',
};

describe('the script that brings the patcher', () => {
  it('is one that sh reads, with a package for each architecture', () => {
    const lines = writePatcherScript(source);
    execFileSync('/bin/sh', ['-n'], { input: lines.join('\n') });
    expect(lines.filter((line) => line.includes(".deb' sha256="))).toHaveLength(2);
  });

  it('holds no parameter of the document for an agent to write into it', () => {
    expect(writePatcherScript(source).join('\n')).not.toContain('{{');
  });

  it('takes an address for text, whatever is in it', () => {
    const lines = writePatcherScript({ ...source, origin: "http://a'; touch /tmp/x; '" });
    const [line = ''] = lines.filter((each) => each.startsWith('origin='));
    const printed = execFileSync('/bin/sh', ['-c', `${line}\nprintf %s "$origin"`]);
    expect(printed.toString()).toBe("http://a'; touch /tmp/x; '");
  });

  it('says what is missing where there is no package at all', () => {
    expect(writePatcherScript({ ...source, packages: [] }).join('\n')).toMatch(/agent-package build/);
  });
});
