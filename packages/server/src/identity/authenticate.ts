import {
  type Authorization,
  parseAuthorization,
  type SecretLookup,
  type SignableRequest,
  SigningError,
  verifyRoleTokenRequest,
  verifySignature,
} from '@patchbay/aws-wire';
import { findRegisteredNode } from '../aws/ssm/instances/repository.ts';
import type { Database } from '../database/tables.ts';
import type { Principal } from '../operations/principal.ts';
import type { Scope } from '../operations/scope.ts';
import type { AccessKeys } from './access-keys.ts';
import type { RecentClaims } from './recent-claims.ts';
import { findLiveKey, noteKeyUse } from './repository.ts';
import type { SessionTokens } from './session-tokens.ts';

export interface Authenticator {
  readonly db: Database;
  readonly sessionTokens: SessionTokens;
  readonly accessKeys: AccessKeys;
  readonly recentClaims: RecentClaims;
  /** The regions that this installation serves: any other in a signature is an error, never an empty list. */
  readonly regions: readonly string[];
}

export interface Authenticated {
  readonly principal: Principal;
  readonly scope: Scope;
}

interface Claim {
  readonly lookup: SecretLookup;
  readonly principal?: Principal;
  /** When the key was last used; null: never. Only of people's keys. */
  lastUsedAt?: Date | null;
}

async function lookUpUser(accessKeyId: string, sessionToken: string | undefined, from: Authenticator): Promise<Claim> {
  // Long-lived keys have no session; one beside them does not belong to them.
  if (sessionToken !== undefined) return { lookup: { status: 'invalid-session-token' } };
  const found = await from.recentClaims.find(`user ${accessKeyId}`, async (): Promise<Claim | undefined> => {
    const live = await findLiveKey(from.db, accessKeyId);
    if (!live) return undefined;
    const { accountId, userName, sealedSecret, lastUsedAt } = live.key;
    return {
      lookup: { status: 'found', secretAccessKey: from.accessKeys.openSecret(accessKeyId, sealedSecret) },
      principal: { kind: 'user', accountId, userName, accessKeyId, bindings: live.bindings },
      lastUsedAt,
    };
  });
  return found ?? { lookup: { status: 'unknown-access-key' } };
}

async function lookUpNode(
  accessKeyId: string,
  sessionToken: string | undefined,
  now: Date,
  from: Authenticator,
): Promise<Claim> {
  const opened = sessionToken === undefined ? undefined : from.sessionTokens.read(sessionToken);
  if (!opened || opened.session.accessKeyId !== accessKeyId) return { lookup: { status: 'invalid-session-token' } };
  const { accountId, region, instanceId, expiresAt } = opened.session;
  if (expiresAt <= now.getTime()) return { lookup: { status: 'expired-session-token' } };
  // A node that was deregistered loses its access at once, not when its credentials end.
  const node = await from.recentClaims.find(`node ${instanceId}`, () => findRegisteredNode(from.db, instanceId));
  if (!node) return { lookup: { status: 'invalid-session-token' } };
  return {
    lookup: { status: 'found', secretAccessKey: opened.secretAccessKey },
    principal: { kind: 'node', accountId, region, instanceId },
  };
}

/** Writing down every use would make a write of every read. */
const lastUsedPrecision = 60_000;

function accountOf(principal: Principal): string {
  return principal.kind === 'anonymous' ? '' : principal.accountId;
}

/** Proves who sent a request by its SigV4 signature. Throws SigningError. */
export async function authenticateSignature(
  request: SignableRequest,
  service: string,
  now: Date,
  from: Authenticator,
): Promise<Authenticated> {
  let claim: Claim | undefined;
  const verified = await verifySignature(request, {
    now,
    services: [service],
    regions: from.regions,
    findSecret: async (accessKeyId, sessionToken) => {
      claim = accessKeyId.startsWith('ASIA')
        ? await lookUpNode(accessKeyId, sessionToken, now, from)
        : await lookUpUser(accessKeyId, sessionToken, from);
      return claim.lookup;
    },
  });
  const { principal, lastUsedAt } = claim ?? {};
  if (!principal)
    throw new SigningError('UNKNOWN_ACCESS_KEY', 'The security token included in the request is invalid.');
  if (principal.kind === 'node' && principal.region !== verified.region) {
    throw new SigningError(
      'WRONG_SCOPE',
      `Credential should be scoped to a valid region: this node belongs to ${principal.region}.`,
    );
  }
  if (principal.kind === 'user' && now.getTime() - (lastUsedAt?.getTime() ?? 0) >= lastUsedPrecision) {
    // Said first: requests of the same moment need not write it as well.
    if (claim) claim.lastUsedAt = now;
    await noteKeyUse(from.db, principal.accessKeyId, now);
  }
  return { principal, scope: { accountId: accountOf(principal), region: verified.region } };
}

/** Proves which node asks for a role token by the RSA key that it registered. Throws SigningError. */
export async function authenticateRoleToken(
  request: SignableRequest,
  now: Date,
  from: Authenticator,
): Promise<Authenticated> {
  const authorization: Authorization | undefined = parseAuthorization(request);
  const node = authorization ? await findRegisteredNode(from.db, authorization.accessKeyId) : undefined;
  const verified = await verifyRoleTokenRequest(
    request,
    { now, regions: node ? [node.region] : from.regions, findPublicKey: async () => node?.publicKey },
    authorization,
  );
  const scope = { accountId: node?.accountId ?? '', region: verified.region };
  return { principal: { kind: 'node', ...scope, instanceId: verified.instanceId }, scope };
}
