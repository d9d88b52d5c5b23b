import { sign } from 'node:crypto';
import { type Authorization, authorizationText, type ContainerBuildOrder } from '@patchbay/contracts';
import { contentDigest } from '@patchbay/facts/digest';
import { describe, expect, it } from 'vitest';
import { createTestSigningKey, nodeId } from '../test-support/signed-commands.ts';
import { BuilderError } from './builder-error.ts';
import { verifyOrder } from './verify-order.ts';

const key = createTestSigningKey();
const foreignKey = createTestSigningKey();
const now = new Date('2026-11-22T10:00:00Z');

const component = { arn: 'a', name: 'app', version: '1.0.0/1', data: 'phases: []', parameters: { Port: '80' } };
const order: ContainerBuildOrder = {
  kind: 'build',
  imageId: 'image-1',
  leaseId: 'lease-1',
  imageBuildVersionArn: 'arn:aws:imagebuilder:us-east-1:111122223333:image/app/1.0.0/1',
  name: 'app',
  version: '1.0.0/1',
  containerRecipeArn: 'arn:aws:imagebuilder:us-east-1:111122223333:container-recipe/app/1.0.0',
  parent: { kind: 'managed', name: 'debian-12' },
  template: 'FROM {{{ imagebuilder:parentImage }}}',
  workingDirectory: '/tmp',
  components: [component],
  isTested: true,
  targets: [{ region: 'us-east-1', repository: 'registry.example/app', tags: ['1.0.0-1'] }],
  labels: {},
  allowedHosts: [],
  timeoutSeconds: 3600,
};
const right: Authorization = {
  kind: 'image-build',
  nodeId,
  imageId: order.imageId,
  orderDigest: contentDigest(order),
  expiresAt: '2026-11-22T10:01:30Z',
};

function signed(authorization: Authorization, by = key) {
  const signature = sign(null, Buffer.from(authorizationText(authorization)), by.privateKey).toString('base64');
  return { authorization, keyId: by.keyId, signature };
}

const verify = (given: ContainerBuildOrder, authorization: Parameters<typeof verifyOrder>[1], at = now) =>
  verifyOrder(given, authorization, { key, nodeId, now: at });

describe('an order to build', () => {
  it('is begun when the control plane signed exactly it for this builder', () => {
    expect(() => verify(order, signed(right))).not.toThrow();
  });

  it.each<[why: string, Parameters<typeof verifyOrder>[1], RegExp]>([
    ['nobody signed it', null, /not signed/],
    ['somebody else signed it', signed(right, foreignKey), /signed with the key/],
    [
      'somebody else signed it under the name of our key',
      { ...signed(right, foreignKey), keyId: key.keyId },
      /not valid/,
    ],
    ['its signature is none', { ...signed(right), signature: 'AAAA' }, /not valid/],
    ['its signature is empty', { ...signed(right), signature: '' }, /not valid/],
    [
      'its authorization was changed',
      { ...signed(right), authorization: { ...right, nodeId: 'mi-other' } },
      /not valid/,
    ],
    [
      'its end was put off',
      { ...signed(right), authorization: { ...right, expiresAt: '2030-01-01T00:00:00Z' } },
      /not valid/,
    ],
    ['it was made for another builder', signed({ ...right, nodeId: 'mi-0aaaaaaaaaaaaaaaa' }), /another builder/],
    ['it was made for another image', signed({ ...right, imageId: 'image-2' }), /another image/],
    ['it was made for another order', signed({ ...right, orderDigest: contentDigest({}) }), /another image/],
    [
      'what was signed is a plan',
      signed({
        kind: 'plan',
        nodeId,
        operationId: order.imageId,
        planId: 'p',
        planDigest: contentDigest(order),
        expiresAt: right.expiresAt,
      }),
      /no order to build/,
    ],
  ])('is refused when %s', (_why, authorization, message) => {
    expect(() => verify(order, authorization)).toThrow(message);
    expect(() => verify(order, authorization)).toThrow(BuilderError);
  });

  it('is refused from the moment on that it was good for', () => {
    expect(() => verify(order, signed(right), new Date('2026-11-22T10:01:29.999Z'))).not.toThrow();
    expect(() => verify(order, signed(right), new Date(right.expiresAt))).toThrow(/was to be begun before/);
  });

  it.each<[string, Partial<ContainerBuildOrder>]>([
    ['its lease', { leaseId: 'lease-2' }],
    ['its parent', { parent: { kind: 'reference', reference: 'registry.example/evil:1' } }],
    ['its template', { template: `${order.template}\nRUN true` }],
    ['what a component does', { components: [{ ...component, data: 'phases: [evil]' }] }],
    ['a parameter', { components: [{ ...component, parameters: { Port: '81' } }] }],
    ['where it is sent', { targets: [{ region: 'us-east-1', repository: 'evil.example/app', tags: ['1.0.0-1'] }] }],
    ['whether it is tested', { isTested: false }],
    ['what it may reach', { allowedHosts: ['evil.example'] }],
    ['how long it may take', { timeoutSeconds: 999_999 }],
  ])('is refused when %s was changed on the way', (_what, change) => {
    expect(() => verify({ ...order, ...change }, signed(right))).toThrow(/another image/);
  });
});
