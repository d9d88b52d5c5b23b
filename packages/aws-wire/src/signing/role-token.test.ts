import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { SignableRequest } from './canonical-request.ts';
import { readPublicKey, signRoleTokenRequest, verifyRoleTokenRequest } from './role-token.ts';

const now = new Date('2026-03-04T05:06:07Z');
const instanceId = 'mi-0123456789abcdef0';
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const registered = publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
const body = Buffer.from('{"Fingerprint":"6f5a4c1e-6f2e-4e47-8c4c-1f6a1f5f0a01"}');

function signed(): SignableRequest {
  const headers = signRoleTokenRequest(
    {
      method: 'POST',
      url: new URL('http://127.0.0.1:8480/'),
      headers: {
        'Content-Type': 'application/x-amz-json-1.1',
        'X-Amz-Target': 'AmazonSSM.RequestManagedInstanceRoleToken',
      },
      body,
    },
    { instanceId, privateKey, region: 'us-east-1', now },
  );
  return { method: 'POST', rawUrl: '/', headers: Object.entries(headers), body };
}

async function verdictOn(request: SignableRequest, at = now, key: string | undefined = registered): Promise<string> {
  return verifyRoleTokenRequest(request, {
    now: at,
    regions: ['us-east-1'],
    findPublicKey: async (id) => (id === instanceId ? key : undefined),
  }).then(
    (verified) => verified.instanceId,
    (error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : 'threw'),
  );
}

describe('role token requests', () => {
  it('verifies what the registered key signed', async () => {
    expect(await verdictOn(signed())).toBe(instanceId);
  });

  it("signs the headers that Amazon's agent signs and sends the body's hash unsigned", () => {
    const headers = new Map(signed().headers);
    expect(headers.get('authorization')).toMatch(
      /^AWS4-HMAC-SHA256 Credential=mi-0123456789abcdef0\/20260304\/us-east-1\/ssm\/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature=[A-Za-z0-9+/]{342}==$/,
    );
    expect(headers.get('x-amz-content-sha256')).toMatch(/^[0-9a-f]{64}$/);
  });

  it('refuses another body, operation, instance, key, clock or an anonymous call', async () => {
    const request = signed();
    const replace = (name: string, from: string, to: string): SignableRequest => ({
      ...request,
      headers: request.headers.map(([key, value]) => [key, key === name ? value.replace(from, to) : value] as const),
    });
    const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({
      format: 'der',
      type: 'spki',
    });
    expect(await verdictOn({ ...request, body: Buffer.from('{}') })).toBe('SIGNATURE_MISMATCH');
    expect(await verdictOn(replace('x-amz-target', 'RoleToken', 'Other'))).toBe('SIGNATURE_MISMATCH');
    expect(await verdictOn(replace('authorization', 'mi-0', 'mi-1'))).toBe('UNKNOWN_ACCESS_KEY');
    expect(await verdictOn(replace('authorization', '==', '=='.padEnd(3, '*')))).toBe('SIGNATURE_MISMATCH');
    expect(await verdictOn(replace('authorization', '/ssm/', '/sts/'))).toBe('WRONG_SCOPE');
    expect(await verdictOn(request, now, stranger.toString('base64'))).toBe('SIGNATURE_MISMATCH');
    expect(await verdictOn(request, new Date(now.getTime() + 301_000))).toBe('SIGNATURE_EXPIRED');
    expect(await verdictOn({ ...request, headers: [] })).toBe('MISSING_AUTHENTICATION');
  });

  it('refuses public keys that are not RSA of at least 2048 bits', () => {
    const short = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey;
    const curve = generateKeyPairSync('ed25519').publicKey;
    for (const key of [short, curve]) {
      const text = key.export({ format: 'der', type: 'spki' }).toString('base64');
      expect(() => readPublicKey(text)).toThrow('at least 2048 bits');
    }
    expect(() => readPublicKey('bm90IGEga2V5')).toThrow('SubjectPublicKeyInfo');
  });
});
