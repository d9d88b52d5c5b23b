import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { createSecretBox } from '../secrets/index.ts';
import { openInstallation } from './installation.ts';
import { withTestDatabase } from './test-support/test-database.ts';

describe('openInstallation', () => {
  const testDatabase = withTestDatabase();
  const secrets = createSecretBox(Buffer.alloc(32, 1), randomBytes);
  const options = { secrets, now: new Date('2026-01-02T03:04:05Z'), randomBytes };

  afterEach(() => testDatabase().pool.query('delete from installation'));

  it('is the same for every replica, also when they start together', async () => {
    const { database } = testDatabase();
    const all = await Promise.all([1, 2, 3, 4].map(() => openInstallation(database, options)));
    expect(new Set(all.map(({ accountId }) => accountId)).size).toBe(1);
    expect(new Set(all.map(({ signingKey }) => signingKey.publicKey)).size).toBe(1);
    expect(all[0]).toMatchObject({ accountId: expect.stringMatching(/^[1-9]\d{11}$/), createdAt: options.now });
  });

  it('takes the account that it is given, and no other later', async () => {
    const { database } = testDatabase();
    const first = await openInstallation(database, { ...options, accountId: '012345678901' });
    expect(first.accountId).toBe('012345678901');
    const second = openInstallation(database, { ...options, accountId: '999999999999' });
    await expect(second).rejects.toMatchObject({ code: 'ACCOUNT_MISMATCH' });
  });

  it('names the wrong key file instead of failing at the first secret', async () => {
    const { database } = testDatabase();
    await openInstallation(database, options);
    const other = createSecretBox(Buffer.alloc(32, 2), randomBytes);
    await expect(openInstallation(database, { ...options, secrets: other })).rejects.toMatchObject({
      code: 'WRONG_KEY_FILE',
    });
  });
});
