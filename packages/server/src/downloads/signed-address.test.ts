import { describe, expect, it } from 'vitest';
import { checkAddress, signAddress } from './signed-address.ts';

const key = new Uint8Array(32).fill(7);
const now = new Date('2026-11-20T12:00:00.000Z');
const inAnHour = new Date('2026-11-20T13:00:00.000Z');
const address = signAddress('https://patchbay.test:8480', '/downloads/things/one', inAnHour, key);
const rawUrl = address.slice('https://patchbay.test:8480'.length);

describe('a signed address', () => {
  it('holds until it expires', () => {
    expect(address).toMatch(/^https:\/\/patchbay\.test:8480\/downloads\/things\/one\?expires=\d+&signature=/);
    expect(checkAddress(rawUrl, now, key)).toBe('valid');
    expect(checkAddress(rawUrl, new Date(inAnHour.getTime() - 1), key)).toBe('valid');
    expect(checkAddress(rawUrl, inAnHour, key)).toBe('expired');
  });

  it.each([
    ['another path', rawUrl.replace('/one', '/two')],
    ['a later end', rawUrl.replace(/expires=\d+/, 'expires=99999999999')],
    ['another signature', rawUrl.replace(/.$/, (digit) => (digit === '0' ? '1' : '0'))],
    ['half a signature', rawUrl.slice(0, -1)],
    ['more in its query', `${rawUrl}&more=1`],
    ['no query', '/downloads/things/one'],
    ['nothing', ''],
  ])('is refused with %s', (_title, changed) => {
    expect(checkAddress(changed, now, key)).toBe('forged');
  });

  it('is refused by another installation', () => {
    expect(checkAddress(rawUrl, now, new Uint8Array(32).fill(8))).toBe('forged');
  });
});
