import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSharedCredentials, readSharedCredentials } from './shared-credentials.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'patchbay-credentials-'));
  file = join(folder, 'credentials');
});
afterEach(() => rmSync(folder, { recursive: true }));

// As Amazon's agent 3.3 writes it.
const write = (key: string) =>
  writeFileSync(
    file,
    `[other]\naws_access_key_id = no\n\n[default]\naws_access_key_id     = ${key}\naws_secret_access_key = s+/=\naws_session_token     = t==\n`,
  );

describe('credentials that another agent shares', () => {
  it('are those of the profile default', () => {
    write('ASIA1');
    expect(readSharedCredentials(file)).toEqual({ accessKeyId: 'ASIA1', secretAccessKey: 's+/=', sessionToken: 't==' });
  });

  it('are read anew, since the agent renews them', async () => {
    const credentials = createSharedCredentials(file);
    write('ASIA1');
    expect((await credentials.current()).accessKeyId).toBe('ASIA1');
    write('ASIA2');
    expect((await credentials.current()).accessKeyId).toBe('ASIA2');
  });

  it('that are missing, or are a person’s without a session, are refused with what to do', () => {
    expect(() => readSharedCredentials(file)).toThrow(/Profile\.ShareCreds/);
    writeFileSync(file, '[default]\naws_access_key_id = AKIA\naws_secret_access_key = s\n');
    expect(() => readSharedCredentials(file)).toThrow(/no credentials of this node/);
  });
});
