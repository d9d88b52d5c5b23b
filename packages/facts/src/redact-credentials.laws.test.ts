import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { redactAll, redactCredentials } from './redact-credentials.ts';

/** Long and strange enough to be found nowhere else in the texts. */
const secret = fc
  .string({ unit: fc.constantFrom(...'Qx7@:!$&+%-_.~='.split('')), minLength: 6, maxLength: 24 })
  .map((text) => `Qx${text}`);
const prose = fc.string({ unit: fc.constantFrom(...'abc de:./@\n'.split('')), maxLength: 30 });

describe('redactCredentials', () => {
  it('leaves no user and no password of an address, wherever it stands', () => {
    fc.assert(
      fc.property(prose, secret, secret, prose, (before, user, password, after) => {
        const text = `${before} https://${user}:${password}@host.example/debian ${after}`;
        const told = redactCredentials(text);
        expect(told).not.toContain(password);
        expect(told).not.toContain(user);
        expect(told).toContain('@host.example/debian');
      }),
    );
  });

  it('leaves no password of an auth.conf line', () => {
    fc.assert(
      fc.property(secret, secret, (user, password) => {
        const told = redactCredentials(`machine host.example/debian login ${user} password ${password}\n`);
        expect(told).not.toContain(password);
      }),
    );
  });

  it('changes nothing the second time', () => {
    fc.assert(
      fc.property(prose, secret, (before, password) => {
        const once = redactCredentials(`${before} http://u:${password}@proxy.example:3128/`);
        expect(redactCredentials(once)).toBe(once);
      }),
    );
  });

  it.each([
    'https://deb.example/debian bookworm/main',
    'mail to root@host.example about http://host.example/a@b',
    'the password is wrong',
  ])('leaves what holds none as it is: %s', (text) => {
    expect(redactCredentials(text)).toBe(text);
  });

  it('reaches every text of a value', () => {
    const value = { a: ['http://u:p@h/'], b: { c: 'x', d: null, e: 1 } };
    expect(redactAll(value)).toEqual({ a: ['http://***@h/'], b: { c: 'x', d: null, e: 1 } });
  });

  it('drops what an Authorization header proves', () => {
    expect(redactCredentials('Proxy-Authorization: Basic dXNlcg==')).toBe('Proxy-Authorization: Basic ***');
  });

  it.each(['x', 'a.', 'http://', 'machine a ', ' '])('takes no longer than its length for many of %j', (part) => {
    const text = part.repeat(1_000_000 / part.length);
    const start = performance.now();
    redactCredentials(text);
    expect(performance.now() - start).toBeLessThan(2_000);
  });
});
