import { describe, expect, it } from 'vitest';
import {
  canonicalPath,
  canonicalQuery,
  canonicalRequest,
  type SignableRequest,
  sha256Hex,
  splitRawUrl,
} from './canonical-request.ts';
import { signRequest } from './sign-request.ts';
import { verifySignature } from './verify-signature.ts';

const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
const now = new Date('2026-01-02T03:04:05Z');

// Signatures recorded from botocore 1.43.11 with the key pair of AWS's documentation.
const jsonPost = {
  canonicalHash: 'e90a0b717292609276b94edc6b924112e2a8d1570f0ecb7e19581909afafb222',
  signature: '3f13b72ddb5753c47f4d849e6673b1bc4fe9aa7931d526a5d1a8ca3fd499e610',
};
const getWithArn = {
  path: '/tags/arn%3Aaws%3Aimagebuilder%3Aus-east-1%3A123456789012%3Aimage-pipeline%2Fa',
  canonicalHash: '62f663acbfc9a647b48ccf9ab2335653afc49a1b07ce527e6e82a132860362ce',
  signature: '4478cef9e6e721fca1b53ba67005409833fd46ded1693961975e47be97e8599d',
};

function signedWith(authorization: string): string {
  return /Signature=([0-9a-f]+)/.exec(authorization)?.[1] ?? '';
}

describe('signatures recorded from botocore', () => {
  it('matches the canonical request and the signature of a JSON POST to a port of its own', async () => {
    const body = Buffer.from('{}');
    const headers = signRequest(
      {
        method: 'POST',
        url: new URL('http://127.0.0.1:4566/'),
        headers: {
          'Content-Type': 'application/x-amz-json-1.1',
          'X-Amz-Target': 'AmazonSSM.DescribePatchBaselines',
        },
        body,
      },
      { credentials, region: 'us-east-1', service: 'ssm', now },
    );
    const request: SignableRequest = { method: 'POST', rawUrl: '/', headers: Object.entries(headers), body };
    const canonical = canonicalRequest(request, ['content-type', 'host', 'x-amz-date', 'x-amz-target']);
    expect(sha256Hex(canonical)).toBe(jsonPost.canonicalHash);
    expect(signedWith(headers.authorization ?? '')).toBe(jsonPost.signature);
    await expect(
      verifySignature(request, {
        now,
        regions: ['us-east-1'],
        findSecret: async () => ({ status: 'found', secretAccessKey: credentials.secretAccessKey }),
      }),
    ).resolves.toMatchObject({ accessKeyId: 'AKIDEXAMPLE', service: 'ssm', region: 'us-east-1', form: 'header' });
  });

  it('encodes the path of a GET a second time', () => {
    const body = new Uint8Array();
    const headers = signRequest(
      { method: 'GET', url: new URL(`http://127.0.0.1:4566${getWithArn.path}`), headers: {}, body },
      { credentials, region: 'us-east-1', service: 'imagebuilder', now },
    );
    const request: SignableRequest = {
      method: 'GET',
      rawUrl: getWithArn.path,
      headers: Object.entries(headers),
      body,
    };
    expect(sha256Hex(canonicalRequest(request, ['host', 'x-amz-date']))).toBe(getWithArn.canonicalHash);
    expect(signedWith(headers.authorization ?? '')).toBe(getWithArn.signature);
  });
});

describe('canonical path', () => {
  it.each([
    ['/', '/'],
    ['', '/'],
    ['/a//b/./c/../d', '/a/b/d'],
    ['/../..', '/'],
    ['/a/', '/a/'],
    ["/it's(1)*", '/it%27s%281%29%2A'],
    ['/é', '/%C3%A9'],
    ['/a%2Fb', '/a%252Fb'],
  ])('writes %s as %s', (path, canonical) => {
    expect(canonicalPath(path)).toBe(canonical);
  });
});

describe('splitRawUrl', () => {
  it.each([
    ['/a?b=c?d', '/a', 'b=c?d'],
    ['/', '/', ''],
    ['http://host:1/a?b', '/a', 'b'],
    ['https://host', '/', ''],
    ['http://host?b', '/', 'b'],
  ])('splits %s', (rawUrl, path, query) => {
    expect(splitRawUrl(rawUrl)).toEqual({ path, query });
  });

  it.each(['', '.', '?', '*', 'a/b', 'ftp://host/'])('refuses %j', (rawUrl) => {
    expect(() => splitRawUrl(rawUrl)).toThrow("begins with '/'");
  });
});

describe('canonical query', () => {
  it.each([
    ['', ''],
    ['b=2&a=1', 'a=1&b=2'],
    ['a=2&a=1', 'a=1&a=2'],
    ['flag', 'flag='],
    ['a=%7e%2f', 'a=~%2F'],
    ["a=it's", 'a=it%27s'],
    ['a=x+y', 'a=x%2By'],
    ['a=b=c', 'a=b%3Dc'],
    ['X-Amz-Signature=00&x=1', 'x=1'],
  ])('writes %s as %s', (query, canonical) => {
    expect(canonicalQuery(query)).toBe(canonical);
  });

  it('refuses an escape that is not UTF-8', () => {
    expect(() => canonicalQuery('a=%ff')).toThrow('invalid percent escape');
  });
});
