import { createHash } from 'node:crypto';
import { builtInDocuments, type CommandDocument, documentNameIn, readDocumentReference } from '@patchbay/patching';
import type { Resource } from '../../../operations/authorize.ts';
import type { OperationContext } from '../../../operations/operation.ts';
import { ssmResource } from '../../../operations/resources.ts';
import type { Scope } from '../../../operations/scope.ts';
import { DocumentError } from './errors.ts';
import { findDocumentRow, findVersion, listVersions } from './repository.ts';

type Context = Pick<OperationContext, 'db' | 'accountId' | 'region'>;

/** A document at one of its versions, whoever made it. */
export interface FoundDocument {
  readonly name: string;
  /** `Amazon` for what is built in, else the account. */
  readonly owner: string;
  readonly isBuiltIn: boolean;
  /** As agents get it. */
  readonly content: CommandDocument;
  /** As it was written. */
  readonly text: string;
  readonly format: 'JSON' | 'YAML';
  readonly schemaVersion: string;
  readonly hash: string;
  readonly platformTypes: readonly string[];
  readonly version: number;
  readonly versionName: string | undefined;
  readonly displayName: string | undefined;
  readonly targetType: string | undefined;
  readonly defaultVersion: number;
  readonly latestVersion: number;
  readonly createdAt: Date | undefined;
}

/** Which version is meant: by number, `$LATEST` or `$DEFAULT`, or by its name. Both must mean the same. */
export interface WantedVersion {
  readonly version?: string | undefined;
  readonly versionName?: string | undefined;
}

export function hashText(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function describeBuiltIn(name: string, content: CommandDocument): FoundDocument {
  const text = JSON.stringify(content, null, 2);
  return {
    name,
    owner: 'Amazon',
    isBuiltIn: true,
    content,
    text,
    format: 'JSON',
    schemaVersion: content.schemaVersion,
    hash: hashText(text),
    platformTypes: ['Linux'],
    version: 1,
    versionName: undefined,
    displayName: undefined,
    targetType: undefined,
    defaultVersion: 1,
    latestVersion: 1,
    createdAt: undefined,
  };
}

const builtIns = new Map(
  Object.entries(builtInDocuments).map(([name, content]) => [name, describeBuiltIn(name, content)]),
);

/** A document that exists without anybody creating it. */
export function findBuiltIn(name: string): FoundDocument | undefined {
  return builtIns.get(name);
}

/** A document as what a call acts on, whether it is named by its name or its ARN. */
export function documentResource(nameOrArn: string, scope: Scope): Resource {
  const name = documentNameIn(nameOrArn);
  // Documents that belong to AWS have an ARN without an account.
  const accountId = builtIns.has(name) ? '' : scope.accountId;
  return ssmResource({ region: scope.region, accountId }, `document/${name}`);
}

export function documentNotFound(nameOrArn: string): DocumentError {
  return new DocumentError(
    'DOCUMENT_NOT_FOUND',
    `The specified document does not exist: ${nameOrArn}. ListDocuments names those that do.`,
  );
}

function versionNotFound(name: string, wanted: string): DocumentError {
  return new DocumentError(
    'DOCUMENT_VERSION',
    `The document version is not valid or does not exist: ${name} has no version ${wanted}.`,
  );
}

/**
 * A document by its name or ARN. Documents that belong to AWS have an ARN without an account; one of another account or
 * region names nothing here.
 */
export async function findDocument(nameOrArn: string, wanted: WantedVersion, context: Context): Promise<FoundDocument> {
  const reference = readDocumentReference(nameOrArn);
  if (reference === null) throw documentNotFound(nameOrArn);
  const { name, owner } = reference;
  if (owner !== null && owner.region !== context.region) throw documentNotFound(nameOrArn);
  const version = wanted.version ?? reference.version;
  const builtIn = owner === null || owner.accountId === '' ? findBuiltIn(name) : undefined;
  if (builtIn) {
    if (wanted.versionName !== undefined) throw versionNotFound(name, wanted.versionName);
    if (version !== undefined && !['$LATEST', '$DEFAULT', '1'].includes(version)) throw versionNotFound(name, version);
    return builtIn;
  }
  if (owner !== null && owner.accountId !== context.accountId) throw documentNotFound(nameOrArn);
  return await findOwn(nameOrArn, name, { ...wanted, version }, context);
}

async function findOwn(
  nameOrArn: string,
  name: string,
  { version, versionName }: WantedVersion,
  context: Context,
): Promise<FoundDocument> {
  const document = await findDocumentRow(context.db, context, name);
  if (!document) throw documentNotFound(nameOrArn);
  const versions = await listVersions(context.db, context, name);
  const latestVersion = versions[0]?.version ?? document.defaultVersion;
  const number = numberOf(version, document.defaultVersion, latestVersion);
  const named = versionName === undefined ? undefined : versions.find((each) => each.versionName === versionName);
  if (versionName !== undefined && (!named || (version !== undefined && named.version !== number))) {
    throw versionNotFound(name, versionName);
  }
  const stored = await findVersion(context.db, context, name, named?.version ?? number);
  if (!stored) throw versionNotFound(name, version ?? String(number));
  const { content, text, format, schemaVersion, hash, platformTypes } = stored;
  return {
    name,
    owner: context.accountId,
    isBuiltIn: false,
    content,
    text,
    format,
    schemaVersion,
    hash,
    platformTypes,
    version: stored.version,
    versionName: stored.versionName ?? undefined,
    displayName: stored.displayName ?? undefined,
    targetType: document.targetType ?? undefined,
    defaultVersion: document.defaultVersion,
    latestVersion,
    createdAt: stored.createdAt,
  };
}

/** Numbers beyond what a version can be name none. */
function numberOf(version: string | undefined, defaultVersion: number, latestVersion: number): number {
  if (version === undefined || version === '$DEFAULT') return defaultVersion;
  if (version === '$LATEST') return latestVersion;
  const number = Number(version);
  return Number.isSafeInteger(number) && number <= 2_147_483_647 ? number : 0;
}
