import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { enrolLine } from './enrol-line.ts';

const parts = {
  endpoint: 'https://patchbay.example:8480',
  region: 'us-east-1',
  activationId: '11111111-2222-3333-4444-555555555555',
  activationCode: "sec'ret",
  package: {
    fileName: 'patchbay-agent_0.1.0_amd64.deb',
    version: '0.1.0',
    architecture: 'amd64',
    sha256: 'a'.repeat(64),
  },
  caFingerprint: null,
};

describe('the line that enrols a machine', () => {
  it('is one line that a shell can read', () => {
    const line = enrolLine(parts);
    expect(line).not.toContain('\n');
    expect(() => execFileSync('sh', ['-n', '-c', line])).not.toThrow();
  });

  it('hands the activation code to nobody but through a pipe', () => {
    const [before = '', script = ''] = enrolLine(parts).split(' | sh -c ');
    expect(execFileSync('sh', ['-c', before], { encoding: 'utf8' })).toBe("sec'ret\n");
    expect(script).not.toContain('ret');
  });

  it('checks the certificate, and where the machine cannot yet, the digest and the fingerprint do', () => {
    expect(enrolLine(parts)).not.toMatch(/--insecure|--no-check-certificate|--ca-fingerprint/);
    const fingerprint = `sha256:${'b'.repeat(64)}`;
    const line = enrolLine({ ...parts, caFingerprint: fingerprint });
    expect(line).toMatch(/curl -fsS --insecure .*wget -q --no-check-certificate /);
    expect(line).toContain(`--ca-fingerprint '\\''${fingerprint}'\\''`);
    expect(line).toContain(`${'a'.repeat(64)}  $f`);
  });
});
