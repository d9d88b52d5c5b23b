import type { HttpRequest } from '@smithy/types';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SignableRequest } from './canonical-request.ts';
import { signRequest } from './sign-request.ts';
import { credentials, now, onTheWire, sdkSigner, verdictOn } from './signing-fixtures.ts';

function oneCharacterOf(characters: string): fc.Arbitrary<string> {
  return fc.constantFrom(...Array.from(characters));
}

const wireText = fc.string({ unit: 'grapheme', maxLength: 12 }).filter((text) => text.isWellFormed());
const pathSegment = fc
  .string({ unit: oneCharacterOf('abcXYZ019-_.~%é /:+'), minLength: 1, maxLength: 8 })
  // URL resolves dot segments before it signs, so such a path never reaches the wire.
  .filter((text) => text !== '.' && text !== '..')
  .map((text) => encodeURIComponent(text));
const headerValue = fc.string({ unit: oneCharacterOf('abc XYZ09/;=,.-'), maxLength: 20 });

const httpRequest = fc
  .record({
    method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE'),
    path: fc.array(pathSegment, { maxLength: 4 }).map((segments) => `/${segments.join('/')}`),
    query: fc.dictionary(
      fc.string({ unit: oneCharacterOf('abcXYZ-[]é '), minLength: 1, maxLength: 5 }),
      fc.oneof(wireText, fc.array(wireText, { minLength: 1, maxLength: 3 })),
      { maxKeys: 4, noNullPrototype: true },
    ),
    body: wireText,
    extra: headerValue,
    sessionToken: fc.option(fc.string({ unit: oneCharacterOf('abcXYZ019+/='), minLength: 8 }), {
      nil: undefined,
    }),
    service: fc.constantFrom('ssm', 'imagebuilder', 'ec2messages'),
    region: fc.constantFrom('us-east-1', 'eu-central-1'),
  })
  .map(({ extra, sessionToken, service, region, ...rest }) => ({
    sessionToken,
    service,
    region,
    request: {
      ...rest,
      protocol: 'http:',
      hostname: '127.0.0.1',
      port: 8480,
      headers: { host: '127.0.0.1:8480', 'content-type': 'application/x-amz-json-1.1', 'x-amz-extra': extra },
    } satisfies HttpRequest,
  }));

describe('signatures', () => {
  it("verifies whatever the SDK's signer signed", async () => {
    await fc.assert(
      fc.asyncProperty(httpRequest, async ({ request, service, region, sessionToken }) => {
        const signed = await sdkSigner(service, region, sessionToken).sign(request, { signingDate: now });
        expect(await verdictOn(onTheWire(signed), { services: [service] })).toBe('verified');
      }),
    );
  });

  it("verifies whatever the SDK's presigner signed", async () => {
    await fc.assert(
      fc.asyncProperty(httpRequest, async ({ request, service, region, sessionToken }) => {
        const presigned = await sdkSigner(service, region, sessionToken).presign(
          { ...request, method: 'GET', body: undefined },
          { signingDate: now, expiresIn: 60, unhoistableHeaders: new Set(['x-amz-extra']) },
        );
        expect(await verdictOn(onTheWire(presigned))).toBe('verified');
      }),
    );
  });

  it("signs as the SDK's signer does", async () => {
    await fc.assert(
      fc.asyncProperty(httpRequest, async ({ request, service, region, sessionToken }) => {
        const wire = onTheWire(request);
        const ours = signRequest(
          {
            method: wire.method,
            url: new URL(`http://127.0.0.1:8480${wire.rawUrl}`),
            headers: { ...request.headers, 'x-amz-extra': request.headers['x-amz-extra'].trim() },
            body: wire.body,
          },
          { credentials: { ...credentials, sessionToken }, region, service, now },
        );
        expect(await verdictOn({ ...wire, headers: Object.entries(ours) })).toBe('verified');
      }),
    );
  });

  it('refuses a request after any one bit of it has changed', async () => {
    await fc.assert(
      fc.asyncProperty(
        httpRequest,
        fc.nat(),
        fc.nat(7),
        async ({ request, service, region, sessionToken }, at, bit) => {
          const signed = onTheWire(await sdkSigner(service, region, sessionToken).sign(request, { signingDate: now }));
          const changed = flipOneBit(signed, at, bit);
          // Percent escapes mean the same in either case, the one change that is none.
          fc.pre(changed.rawUrl === signed.rawUrl || changed.rawUrl.toLowerCase() !== signed.rawUrl.toLowerCase());
          expect(await verdictOn(changed)).not.toBe('verified');
        },
      ),
      { numRuns: 500 },
    );
  });
});

/** Counts through method, URL, signed header values, the Authorization header and the body. */
function flipOneBit(request: SignableRequest, at: number, bit: number): SignableRequest {
  const headerText = request.headers.map(([, value]) => value);
  const parts = [request.method, request.rawUrl, Buffer.from(request.body).toString('latin1'), ...headerText];
  const total = parts.reduce((length, part) => length + part.length, 0);
  let position = at % total;
  const changed = parts.map((part) => {
    const isHit = position >= 0 && position < part.length;
    const code = isHit ? part.charCodeAt(position) ^ (1 << bit) : 0;
    const result = isHit ? part.slice(0, position) + String.fromCharCode(code) + part.slice(position + 1) : part;
    position -= part.length;
    return result;
  });
  const [method = '', rawUrl = '', body = '', ...values] = changed;
  return {
    method,
    rawUrl,
    body: Buffer.from(body, 'latin1'),
    headers: request.headers.map(([name], index) => [name, values[index] ?? ''] as const),
  };
}
