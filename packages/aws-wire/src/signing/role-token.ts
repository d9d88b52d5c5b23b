import { constants, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { type Authorization, parseAuthorization } from './authorization.ts';
import { type SignableRequest, sha256Hex, stringToSign } from './canonical-request.ts';
import { formatRequestDate } from './request-date.ts';
import { authorizationHeader, type OutgoingRequest, prepareForSigning } from './sign-request.ts';
import {
  checkClock,
  checkScope,
  checkSignedHeaders,
  expectedStringToSign,
  mismatch,
  type SignatureExpectations,
} from './signature-checks.ts';
import { SigningError } from './signing-error.ts';
import { scopeText } from './signing-key.ts';

/**
 * A managed instance has no secret until it has asked for a role token, so these requests are SigV4 in everything but
 * the signature: RSA-PSS with SHA-256 and a salt of 32 bytes over the string to sign, in base64, by the key that it
 * registered. Read from Amazon's agent: https://github.com/aws/amazon-ssm-agent
 */
const saltLengthBytes = 32;
const smallestModulusBits = 2048;

export interface SignRoleTokenOptions {
  /** `mi-` and 17 hex digits; takes the place of the access key id. */
  readonly instanceId: string;
  /** RSA, at least 2048 bits. */
  readonly privateKey: KeyObject;
  readonly region: string;
  readonly now: Date;
}

/** Signs RequestManagedInstanceRoleToken or UpdateManagedInstancePublicKey; returns all headers to send. */
export function signRoleTokenRequest(request: OutgoingRequest, options: SignRoleTokenOptions): Record<string, string> {
  const prepared = prepareForSigning(request, { region: options.region, service: 'ssm', now: options.now }, {});
  const text = stringToSign(formatRequestDate(options.now), scopeText(prepared.scope), prepared.canonical);
  const signature = sign('sha256', Buffer.from(text), {
    key: options.privateKey,
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength: saltLengthBytes,
  });
  return {
    ...prepared.headers,
    'x-amz-content-sha256': sha256Hex(request.body),
    authorization: authorizationHeader(options.instanceId, prepared, signature.toString('base64')),
  };
}

/** Reads a registered key (base64 of DER SubjectPublicKeyInfo); throws SigningError INVALID_PUBLIC_KEY. */
export function readPublicKey(base64: string): KeyObject {
  const key = importPublicKey(base64);
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (key.asymmetricKeyType !== 'rsa' || bits < smallestModulusBits) {
    throw new SigningError(
      'INVALID_PUBLIC_KEY',
      `The public key must be RSA with at least ${smallestModulusBits} bits, got ${key.asymmetricKeyType ?? 'unknown'} with ${bits}.`,
    );
  }
  return key;
}

function importPublicKey(base64: string): KeyObject {
  try {
    return createPublicKey({ key: Buffer.from(base64, 'base64'), format: 'der', type: 'spki' });
  } catch (cause) {
    throw new SigningError('INVALID_PUBLIC_KEY', 'The public key is not base64 of DER SubjectPublicKeyInfo.', {
      cause,
    });
  }
}

export interface VerifyRoleTokenOptions extends Omit<SignatureExpectations, 'services'> {
  /** The registered key of an instance (base64 DER), undefined when there is no such instance. */
  readonly findPublicKey: (instanceId: string) => Promise<string | undefined>;
}

/** The instance that signed, proven. */
export interface VerifiedRoleToken {
  readonly instanceId: string;
  readonly region: string;
  readonly signedAt: Date;
}

/** Verifies the RSA-PSS form; throws SigningError. Region and clock are held to the same rules as in SigV4. */
export async function verifyRoleTokenRequest(
  request: SignableRequest,
  options: VerifyRoleTokenOptions,
  authorization: Authorization | undefined = parseAuthorization(request),
): Promise<VerifiedRoleToken> {
  if (authorization === undefined || authorization.form !== 'header') {
    throw new SigningError('MISSING_AUTHENTICATION', 'Missing Authentication Token');
  }
  const registered = await options.findPublicKey(authorization.accessKeyId);
  if (registered === undefined) {
    throw new SigningError('UNKNOWN_ACCESS_KEY', 'The security token included in the request is invalid.');
  }
  checkScope(authorization, { ...options, services: ['ssm'] });
  checkSignedHeaders(request, authorization);
  const signature = Buffer.from(authorization.signature, 'base64');
  // Node skips what is not base64, so two texts could stand for one signature.
  if (signature.toString('base64') !== authorization.signature) throw mismatch();
  const isGenuine = verify(
    'sha256',
    Buffer.from(expectedStringToSign(request, authorization)),
    { key: readPublicKey(registered), padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: saltLengthBytes },
    signature,
  );
  if (!isGenuine) throw mismatch();
  checkClock(authorization, options);
  return { instanceId: authorization.accessKeyId, region: authorization.region, signedAt: authorization.requestDate };
}
