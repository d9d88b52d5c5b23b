import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import type { Checksum, HttpRequest, SourceData } from '@smithy/types';
import type { SignableRequest } from './canonical-request.ts';
import { type VerifySignatureOptions, verifySignature } from './verify-signature.ts';

/** Fixtures for the tests of this folder. */
export const now = new Date('2026-03-04T05:06:07Z');
export const credentials = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
};

export const acceptingOptions: VerifySignatureOptions = {
  now,
  regions: ['us-east-1', 'eu-central-1'],
  findSecret: async (accessKeyId) =>
    accessKeyId === credentials.accessKeyId
      ? { status: 'found', secretAccessKey: credentials.secretAccessKey }
      : { status: 'unknown-access-key' },
};

/** The code of the refusal, or `verified`. */
export async function verdictOn(
  request: SignableRequest,
  options: Partial<VerifySignatureOptions> = {},
): Promise<string> {
  try {
    await verifySignature(request, { ...acceptingOptions, ...options });
    return 'verified';
  } catch (error) {
    if (error instanceof Error && 'code' in error) return String(error.code);
    throw error;
  }
}

class NodeSha256 implements Checksum {
  private hash: Hash | Hmac;
  private readonly secret: SourceData | undefined;

  constructor(secret?: SourceData) {
    this.secret = secret;
    this.hash = NodeSha256.start(secret);
  }

  private static start(secret: SourceData | undefined): Hash | Hmac {
    return secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret));
  }

  update(data: SourceData): void {
    this.hash.update(bytesOf(data));
  }

  async digest(): Promise<Uint8Array> {
    return this.hash.digest();
  }

  reset(): void {
    this.hash = NodeSha256.start(this.secret);
  }
}

function bytesOf(data: SourceData): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data);
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
}

/** The AWS SDK's own signer: the independent half of every check here. */
export function sdkSigner(service: string, region = 'us-east-1', sessionToken?: string): SignatureV4 {
  return new SignatureV4({
    credentials: { ...credentials, ...(sessionToken === undefined ? {} : { sessionToken }) },
    region,
    service,
    sha256: NodeSha256,
  });
}

/** What the SDK's HTTP handler would put on the wire. */
export function onTheWire(request: HttpRequest): SignableRequest {
  const parts = Object.entries(request.query ?? {}).flatMap(([name, value]) => {
    if (value === null) return [encodeURIComponent(name)];
    const values = Array.isArray(value) ? value : [value];
    return values.map((one) => `${encodeURIComponent(name)}=${encodeURIComponent(one)}`);
  });
  return {
    method: request.method,
    rawUrl: `${request.path}${parts.length === 0 ? '' : `?${parts.join('&')}`}`,
    headers: Object.entries(request.headers),
    body: Buffer.from(typeof request.body === 'string' ? request.body : ''),
  };
}
