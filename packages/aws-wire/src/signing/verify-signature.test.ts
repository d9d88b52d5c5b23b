import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parseAuthorization } from './authorization.ts';
import { canonicalRequest, headersFromRaw, type SignableRequest, stringToSign } from './canonical-request.ts';
import { formatRequestDate, parseDateHeader, parseRequestDate } from './request-date.ts';
import { authorizationHeader, signRequest } from './sign-request.ts';
import { acceptingOptions, credentials, now, onTheWire, sdkSigner, verdictOn } from './signing-fixtures.ts';
import { createSigningKeyDeriver, deriveSigningKey, scopeText } from './signing-key.ts';
import { verifySignature } from './verify-signature.ts';

const body = Buffer.from('{"MaxResults":10}');

function signed(options: { readonly at?: Date; readonly region?: string; readonly sessionToken?: string } = {}) {
  const headers = signRequest(
    {
      method: 'POST',
      url: new URL('http://127.0.0.1:8480/'),
      headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'AmazonSSM.DescribePatchBaselines' },
      body,
    },
    {
      credentials: { ...credentials, sessionToken: options.sessionToken },
      region: options.region ?? 'us-east-1',
      service: 'ssm',
      now: options.at ?? now,
    },
  );
  return { method: 'POST', rawUrl: '/', headers: Object.entries(headers), body } satisfies SignableRequest;
}

function withHeader(request: SignableRequest, name: string, value: string | undefined): SignableRequest {
  const others = request.headers.filter(([other]) => other !== name);
  return { ...request, headers: value === undefined ? others : [...others, [name, value]] };
}

function withAuthorization(request: SignableRequest, edit: (header: string) => string): SignableRequest {
  const header = request.headers.find(([name]) => name === 'authorization')?.[1] ?? '';
  return withHeader(request, 'authorization', edit(header));
}

async function messageOn(request: SignableRequest): Promise<string> {
  return verifySignature(request, acceptingOptions).then(
    () => 'verified',
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
}

describe('verifySignature', () => {
  it('accepts a header in any case and with folded white space', async () => {
    const request = signed();
    const headers = request.headers.map(([name, value]) => [name.toUpperCase(), `  ${value} `] as const);
    expect(await verdictOn({ ...request, headers })).toBe('verified');
  });

  it('accepts a signed Date header in place of X-Amz-Date', async () => {
    const unsigned: SignableRequest = {
      method: 'GET',
      rawUrl: '/',
      headers: [
        ['Host', 'localhost'],
        ['Date', now.toUTCString()],
      ],
      body: new Uint8Array(),
    };
    const scope = { date: '20260304', region: 'us-east-1', service: 'ssm' };
    const text = stringToSign(formatRequestDate(now), scopeText(scope), canonicalRequest(unsigned, ['date', 'host']));
    const key = deriveSigningKey(credentials.secretAccessKey, scope);
    const signature = createHmac('sha256', key).update(text).digest('hex');
    const header = authorizationHeader(credentials.accessKeyId, { scope, signedHeaders: ['date', 'host'] }, signature);
    expect(await verdictOn({ ...unsigned, headers: [...unsigned.headers, ['Authorization', header]] })).toBe(
      'verified',
    );
  });

  it('accepts a header that arrives in two parts when the joined value was signed', async () => {
    const request = await sdkSigner('ssm').sign(
      {
        method: 'GET',
        protocol: 'http:',
        hostname: 'localhost',
        path: '/',
        headers: { host: 'localhost', 'x-amz-extra': 'one,two' },
      },
      { signingDate: now },
    );
    const wire = onTheWire(request);
    const split = wire.headers.flatMap(([name, value]) =>
      name === 'x-amz-extra' ? [[name, 'one'] as const, [name, ' two'] as const] : [[name, value] as const],
    );
    expect(await verdictOn({ ...wire, headers: split })).toBe('verified');
  });

  it.each<[sentence: string, request: SignableRequest, code: string]>([
    ['no authorization', withHeader(signed(), 'authorization', undefined), 'MISSING_AUTHENTICATION'],
    ['another body', { ...signed(), body: Buffer.from('{"MaxResults":11}') }, 'SIGNATURE_MISMATCH'],
    ['another method', { ...signed(), method: 'PUT' }, 'SIGNATURE_MISMATCH'],
    ['another path', { ...signed(), rawUrl: '/admin' }, 'SIGNATURE_MISMATCH'],
    ['an added query', { ...signed(), rawUrl: '/?x=1' }, 'SIGNATURE_MISMATCH'],
    ['an escape that is not UTF-8', { ...signed(), rawUrl: '/?x=%ff' }, 'INCOMPLETE_SIGNATURE'],
    ['another operation', withHeader(signed(), 'x-amz-target', 'AmazonSSM.DeletePatchBaseline'), 'SIGNATURE_MISMATCH'],
    ['another host', withHeader(signed(), 'host', '127.0.0.1:8481'), 'SIGNATURE_MISMATCH'],
    ['an unsigned x-amz header', withHeader(signed(), 'x-amz-security-token', 'stolen'), 'SIGNATURE_MISMATCH'],
    ['a removed signed header', withHeader(signed(), 'content-type', undefined), 'SIGNATURE_MISMATCH'],
    ['a wrong content hash', withHeader(signed(), 'x-amz-content-sha256', 'a'.repeat(64)), 'SIGNATURE_MISMATCH'],
    ['an unsigned payload', withHeader(signed(), 'x-amz-content-sha256', 'UNSIGNED-PAYLOAD'), 'SIGNATURE_MISMATCH'],
    [
      'host taken out of the signed headers',
      withAuthorization(signed(), (header) => header.replace('host;', '')),
      'SIGNATURE_MISMATCH',
    ],
    ['an unknown key', withAuthorization(signed(), (header) => header.replace('AKIA', 'AKIB')), 'UNKNOWN_ACCESS_KEY'],
    ['a region not served', signed({ region: 'eu-west-9' }), 'WRONG_SCOPE'],
    [
      'a scope of another day',
      withAuthorization(signed(), (header) => header.replace('20260304', '20260303')),
      'WRONG_SCOPE',
    ],
    [
      'another terminator',
      withAuthorization(signed(), (header) => header.replace('aws4_request', 'aws5_request')),
      'WRONG_SCOPE',
    ],
    [
      'four scope elements',
      withAuthorization(signed(), (header) => header.replace('/ssm', '')),
      'INCOMPLETE_SIGNATURE',
    ],
    [
      'upper-case signed headers',
      withAuthorization(signed(), (header) => header.replace('host;', 'Host;')),
      'INCOMPLETE_SIGNATURE',
    ],
    [
      'a repeated signed header',
      withAuthorization(signed(), (header) => header.replace('host;', 'host;host;')),
      'INCOMPLETE_SIGNATURE',
    ],
    [
      'no Signature field',
      withAuthorization(signed(), (header) => header.replace(/, Signature=.*/, '')),
      'INCOMPLETE_SIGNATURE',
    ],
    ['a truncated signature', withAuthorization(signed(), (header) => header.slice(0, -1)), 'SIGNATURE_MISMATCH'],
    ['another algorithm', withHeader(signed(), 'authorization', 'Bearer abc'), 'INCOMPLETE_SIGNATURE'],
    ['both forms', { ...signed(), rawUrl: '/?X-Amz-Algorithm=AWS4-HMAC-SHA256' }, 'INCOMPLETE_SIGNATURE'],
    ['no date', withHeader(signed(), 'x-amz-date', undefined), 'INCOMPLETE_SIGNATURE'],
    ['an impossible date', withHeader(signed(), 'x-amz-date', '20260230T000000Z'), 'INCOMPLETE_SIGNATURE'],
    [
      'a Date header outside the signed ones',
      withHeader(withHeader(signed(), 'x-amz-date', undefined), 'date', now.toUTCString()),
      'INCOMPLETE_SIGNATURE',
    ],
    ['six minutes ago', signed({ at: new Date('2026-03-04T05:00:07Z') }), 'SIGNATURE_EXPIRED'],
    ['six minutes ahead', signed({ at: new Date('2026-03-04T05:12:07Z') }), 'SIGNATURE_NOT_YET_CURRENT'],
  ])('refuses %s', async (_sentence, request, code) => {
    expect(await verdictOn(request)).toBe(code);
  });

  it('refuses another service when services are named', async () => {
    expect(await verdictOn(signed(), { services: ['sts'] })).toBe('WRONG_SCOPE');
  });

  it.each([
    ['invalid-session-token', 'INVALID_SECURITY_TOKEN'],
    ['expired-session-token', 'EXPIRED_SECURITY_TOKEN'],
  ] as const)('answers a key store that says %s', async (status, code) => {
    expect(await verdictOn(signed({ sessionToken: 'x' }), { findSecret: async () => ({ status }) })).toBe(code);
  });

  it('hands the session token to the key store', async () => {
    const seen: (string | undefined)[] = [];
    await verdictOn(signed({ sessionToken: 'tok' }), {
      findSecret: async (_id, token) => {
        seen.push(token);
        return { status: 'found', secretAccessKey: credentials.secretAccessKey };
      },
    });
    expect(seen).toEqual(['tok']);
  });

  it("says in AWS's words how far the clock is off", async () => {
    expect(await messageOn(signed({ at: new Date('2026-03-04T05:00:07Z') }))).toBe(
      'Signature expired: 20260304T050007Z is now earlier than 20260304T050107Z (20260304T050607Z - 5 min.)',
    );
    expect(await messageOn(signed({ at: new Date('2026-03-04T05:12:07Z') }))).toBe(
      'Signature not yet current: 20260304T051207Z is still later than 20260304T051107Z (20260304T050607Z + 5 min.)',
    );
  });

  it('names every missing field at once and never repeats the signature', async () => {
    expect(await messageOn(withHeader(signed(), 'authorization', 'AWS4-HMAC-SHA256 Signature=abc'))).toMatch(
      /^Authorization header requires 'Credential' parameter\. Authorization header requires 'SignedHeaders' parameter\. Authorization=AWS4-HMAC-SHA256 Signature=\(sha256 [0-9a-f]{16}\)$/,
    );
    expect(await messageOn(withHeader(signed(), 'authorization', 'AWS4-HMAC-SHA256 Credential'))).toContain(
      "'Credential' not a valid key=value pair (missing equal-sign)",
    );
  });

  it('holds a presigned request to its own expiry', async () => {
    const presigned = onTheWire(
      await sdkSigner('sts').presign(
        { method: 'GET', protocol: 'http:', hostname: 'localhost', path: '/', headers: { host: 'localhost' } },
        { signingDate: now, expiresIn: 3600 },
      ),
    );
    expect(await verdictOn(presigned, { now: new Date('2026-03-04T06:05:00Z') })).toBe('verified');
    expect(await verdictOn(presigned, { now: new Date('2026-03-04T06:06:08Z') })).toBe('SIGNATURE_EXPIRED');
    expect(await verdictOn({ ...presigned, body: Buffer.from('x') })).toBe('SIGNATURE_MISMATCH');
    for (const expires of ['0', '604801', 'soon']) {
      const rawUrl = presigned.rawUrl.replace('X-Amz-Expires=3600', `X-Amz-Expires=${expires}`);
      expect(await verdictOn({ ...presigned, rawUrl })).toBe('INCOMPLETE_SIGNATURE');
    }
    const longer = presigned.rawUrl.replace('X-Amz-Expires=3600', 'X-Amz-Expires=7200');
    expect(await verdictOn({ ...presigned, rawUrl: longer })).toBe('SIGNATURE_MISMATCH');
    expect(await verdictOn({ ...presigned, rawUrl: `${presigned.rawUrl}&X-Amz-Expires=1` })).toBe(
      'INCOMPLETE_SIGNATURE',
    );
  });
});

describe('parseAuthorization', () => {
  it('tells scope and key before anything is verified', () => {
    expect(parseAuthorization(signed())).toMatchObject({
      form: 'header',
      accessKeyId: credentials.accessKeyId,
      date: '20260304',
      region: 'us-east-1',
      service: 'ssm',
      requestDate: now,
    });
  });

  it('answers undefined for an anonymous request', () => {
    expect(parseAuthorization(withHeader(signed(), 'authorization', undefined))).toBeUndefined();
  });
});

describe('signing key deriver', () => {
  it('remembers keys, forgets the one unused longest and never mixes two up', () => {
    const derive = createSigningKeyDeriver(2);
    const scope = { date: '20260304', region: 'us-east-1', service: 'ssm' };
    const first = derive('a', scope);
    expect(derive('b', scope).equals(first)).toBe(false);
    expect(derive('a', scope)).toBe(first);
    derive('c', scope);
    expect(derive('a', scope)).toBe(first);
    derive('d', scope);
    derive('e', scope);
    const again = derive('a', scope);
    expect(again).not.toBe(first);
    expect(again.equals(first)).toBe(true);
  });
});

describe('request dates', () => {
  it('reads what it writes and refuses impossible moments', () => {
    expect(parseRequestDate(formatRequestDate(now))).toEqual(now);
    for (const text of ['20260230T000000Z', '20260101T240000Z', '2026-01-01T00:00:00Z', '']) {
      expect(parseRequestDate(text)).toBeUndefined();
    }
  });

  it('reads an HTTP date where the Date header stands in', () => {
    expect(parseDateHeader('Wed, 04 Mar 2026 05:06:07 GMT')).toEqual(now);
    expect(parseDateHeader('tomorrow')).toBeUndefined();
  });
});

describe('headersFromRaw', () => {
  it('pairs names with values', () => {
    expect(headersFromRaw(['Host', 'a', 'Host', 'b'])).toEqual([
      ['Host', 'a'],
      ['Host', 'b'],
    ]);
  });
});
