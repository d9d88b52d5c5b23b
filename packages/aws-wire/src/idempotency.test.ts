import * as clientSsm from '@aws-sdk/client-ssm';
import { describe, expect, it } from 'vitest';
import { bodyHash, findIdempotencyToken, idempotencyKey } from './idempotency.ts';
import { adaptService } from './schema-adapter.ts';
import { structure } from './shape-definition.ts';

describe('bodyHash', () => {
  it('is the same in any member order and with absent members', () => {
    expect(bodyHash({ name: 'a', rules: [{ x: 1, y: 2 }] })).toBe(
      bodyHash({ rules: [{ y: 2, x: 1 }], description: undefined, name: 'a' }),
    );
  });

  it('tells values of different kinds apart', () => {
    const values = [
      { a: 0 },
      { a: '0' },
      { a: new Date(0) },
      { a: new Uint8Array([0]) },
      { a: '1970-01-01T00:00:00.000Z' },
      { a: [0] },
      { a: false },
      { a: ['x', 'y'] },
      { a: ['y', 'x'] },
      {},
    ];
    expect(new Set(values.map(bodyHash)).size).toBe(values.length);
  });
});

describe('idempotencyKey', () => {
  it('belongs to operation, token and scope', () => {
    const keys = [
      idempotencyKey('A', 't'),
      idempotencyKey('B', 't'),
      idempotencyKey('A', 'u'),
      idempotencyKey('A', 't', ['1']),
      idempotencyKey('A', 't', ['1', 'us-east-1']),
    ];
    expect(new Set(keys).size).toBe(keys.length);
    expect(idempotencyKey('A', 't')).toBe(keys[0]);
  });
});

describe('findIdempotencyToken', () => {
  it('reads the member that the schema marks', () => {
    const shape = adaptService(clientSsm).operations.get('CreatePatchBaseline')?.input ?? structure('None', {});
    expect(findIdempotencyToken(shape, { name: 'a', clientToken: 't' })).toBe('t');
    expect(findIdempotencyToken(shape, { name: 'a' })).toBeUndefined();
    expect(findIdempotencyToken(structure('None', {}), { clientToken: 't' })).toBeUndefined();
  });
});
