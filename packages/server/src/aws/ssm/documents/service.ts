import {
  type DocumentFormat,
  type DocumentReading,
  describeDocumentProblem,
  documentNameIn,
  pluginPlatforms,
  readDocumentText,
} from '@patchbay/patching';
import { stringify } from 'yaml';
import type { OperationContext } from '../../../operations/operation.ts';
import { principalArn } from '../../../operations/principal.ts';
import { hasCommandWithDocument } from '../commands/sent-documents.ts';
import { removeTags } from '../tags/repository.ts';
import { DocumentError } from './errors.ts';
import { documentNotFound, type FoundDocument, findBuiltIn, findDocument, hashText } from './find-document.ts';
import {
  countDocuments,
  deleteDocumentRow,
  deleteVersion,
  existsDocument,
  insertDocument,
  insertVersion,
  listVersions,
  lockDocument,
  lockDocuments,
  type StoredDocument,
  updateDocumentRow,
} from './repository.ts';

/** "The content of the document, in JSON or YAML, must not exceed 64KB" (SSM API, CreateDocument). */
const mostContentBytes = 64 * 1024;
/** Names that AWS keeps for its own documents, in whatever case. */
const reservedPrefixes = ['aws', 'amazon', 'amzn', 'patchbay-'];
/** What one message says of a document's mistakes. */
const mostProblems = 10;

export interface DocumentDraft {
  readonly text: string;
  readonly format: string | undefined;
  readonly versionName: string | undefined;
  readonly displayName: string | undefined;
  readonly targetType: string | undefined;
}

type ValidReading = Extract<DocumentReading, { ok: true }>;

function readDraft({ text, format: given }: DocumentDraft): ValidReading & { readonly format: DocumentFormat } {
  const format = given ?? 'JSON';
  if (format !== 'JSON' && format !== 'YAML') {
    throw new DocumentError(
      'DOCUMENT_UNSUPPORTED',
      'DocumentFormat must be JSON or YAML for a document of type Command.',
    );
  }
  const bytes = Buffer.byteLength(text);
  if (bytes > mostContentBytes) {
    throw new DocumentError('DOCUMENT_SIZE', `The size limit of a document is 64 KB; this one has ${bytes} bytes.`);
  }
  const reading = readDocumentText(text, format);
  if (reading.ok) return { ...reading, format };
  const shown = reading.problems.slice(0, mostProblems).map(describeDocumentProblem);
  const left = reading.problems.length - shown.length;
  const message = `${shown.join('; ')}${left > 0 ? `; and ${left} more` : ''}.`;
  const isSchemaVersion = reading.problems[0]?.kind === 'schema-version';
  throw new DocumentError(isSchemaVersion ? 'DOCUMENT_SCHEMA_VERSION' : 'DOCUMENT_CONTENT', message);
}

function versionRow(
  name: string,
  version: number,
  draft: DocumentDraft,
  reading: ReturnType<typeof readDraft>,
  { accountId, region, now, principal }: OperationContext,
) {
  return {
    accountId,
    region,
    name,
    version,
    versionName: draft.versionName ?? null,
    displayName: draft.displayName ?? null,
    format: reading.format,
    schemaVersion: reading.schemaVersion,
    text: draft.text,
    hash: hashText(draft.text),
    platformTypes: [...pluginPlatforms(reading.document)],
    content: JSON.stringify(reading.document),
    createdAt: now,
    createdBy: principalArn(principal),
  };
}

/** Checks a document and stores its first version, which is the default. */
export async function createDocument(
  name: string,
  draft: DocumentDraft,
  context: OperationContext,
): Promise<FoundDocument> {
  const { db, accountId, region, now } = context;
  const reserved = reservedPrefixes.find((prefix) => name.toLowerCase().startsWith(prefix));
  if (reserved !== undefined) {
    throw new DocumentError(
      'DOCUMENT_NAME',
      `The name ${name} is not allowed: names that begin with ${reserved} are reserved.`,
    );
  }
  const reading = readDraft(draft);
  await lockDocuments(db, context);
  if (await existsDocument(db, context, name)) {
    throw new DocumentError('DOCUMENT_EXISTS', `The specified document already exists: ${name}.`);
  }
  const quota = context.dependencies.quotas.documents;
  if ((await countDocuments(db, context)) >= quota) {
    throw new DocumentError('DOCUMENT_LIMIT', `An account can have at most ${quota} documents in a region.`);
  }
  await insertDocument(db, {
    accountId,
    region,
    name,
    defaultVersion: 1,
    lastVersion: 1,
    targetType: draft.targetType ?? null,
    createdAt: now,
    createdBy: principalArn(context.principal),
  });
  await insertVersion(db, versionRow(name, 1, draft, reading, context));
  return await findDocument(name, {}, context);
}

async function lockOwn(name: string, what: string, context: OperationContext): Promise<StoredDocument> {
  if (findBuiltIn(name)) {
    throw new DocumentError(
      'DOCUMENT_OPERATION',
      `${name} is built in: it cannot be ${what}. Create a document of your own.`,
    );
  }
  const document = await lockDocument(context.db, context, name);
  if (!document) throw documentNotFound(name);
  return document;
}

/** Stores the next version; which one is the default stays as it is (SSM API, UpdateDocument). */
export async function updateDocument(
  name: string,
  draft: DocumentDraft,
  version: string | undefined,
  context: OperationContext,
): Promise<FoundDocument> {
  const { db } = context;
  const document = await lockOwn(name, 'updated', context);
  const versions = await listVersions(db, context, name);
  const latest = versions[0];
  if (!latest) throw new Error(`The document ${name} has no version`);
  const isLatest =
    version === undefined
      ? versions.length === 1
      : version === '$LATEST' ||
        version === String(latest.version) ||
        (version === '$DEFAULT' && document.defaultVersion === latest.version);
  if (!isLatest) {
    throw new DocumentError(
      'DOCUMENT_VERSION',
      `The document version is not valid or does not exist: only the latest version of ${name} can be updated; give DocumentVersion $LATEST or ${latest.version}.`,
    );
  }
  const reading = readDraft(draft);
  if (hashText(draft.text) === latest.hash && reading.format === latest.format) {
    throw new DocumentError(
      'DOCUMENT_DUPLICATE_CONTENT',
      `The content of the document ${name} is that of its version ${latest.version} already.`,
    );
  }
  if (draft.versionName !== undefined && versions.some((each) => each.versionName === draft.versionName)) {
    throw new DocumentError(
      'DOCUMENT_DUPLICATE_VERSION_NAME',
      `The version name ${draft.versionName} has already been used in ${name}.`,
    );
  }
  const quota = context.dependencies.quotas['versions-per-document'];
  if (versions.length >= quota) {
    throw new DocumentError(
      'DOCUMENT_VERSION_LIMIT',
      `A document can have at most ${quota} versions. Delete old ones.`,
    );
  }
  const next = document.lastVersion + 1;
  const displayName = draft.displayName ?? latest.displayName ?? undefined;
  await insertVersion(db, versionRow(name, next, { ...draft, displayName }, reading, context));
  const { targetType } = draft;
  await updateDocumentRow(db, context, name, {
    lastVersion: next,
    ...(targetType === undefined ? {} : { targetType }),
  });
  return await findDocument(name, { version: String(next) }, context);
}

/** Makes a version the one that is meant where none is named. */
export async function setDefaultVersion(
  name: string,
  version: string,
  context: OperationContext,
): Promise<FoundDocument> {
  await lockOwn(name, 'changed', context);
  const found = await findDocument(name, { version }, context);
  await updateDocumentRow(context.db, context, name, { defaultVersion: found.version });
  return found;
}

/** Deletes a document, or one version that is not the default. Commands that were sent keep what they run. */
export async function deleteDocument(
  name: string,
  wanted: { readonly version: string | undefined; readonly versionName: string | undefined },
  context: OperationContext,
): Promise<void> {
  const { db } = context;
  const document = await lockOwn(name, 'deleted', context);
  if (wanted.version !== undefined || wanted.versionName !== undefined) {
    const { version } = await findDocument(name, wanted, context);
    const versions = await listVersions(db, context, name);
    if (version === document.defaultVersion && versions.length > 1) {
      throw new DocumentError(
        'DOCUMENT_OPERATION',
        `Version ${version} is the default of ${name}: make another version the default first, or delete the whole document.`,
      );
    }
    if (versions.length > 1) {
      await deleteVersion(db, context, name, version);
      return;
    }
  }
  await deleteDocumentRow(db, context, name);
  await removeTags(db, context, { resourceType: 'Document', resourceId: name }, 'all');
}

/** The text in the format that is asked for, to the letter where it was written in that. */
export function writeContent(document: FoundDocument, format: 'JSON' | 'YAML'): string {
  if (document.format === format) return document.text;
  const reading = readDocumentText(document.text, document.format);
  const value = reading.ok ? reading.value : document.content;
  return format === 'JSON' ? JSON.stringify(value, null, 2) : stringify(value);
}

/**
 * An installation has one account, and everybody in it who may read documents reads this one: there is nobody to share it
 * with. To stop sharing it changes nothing.
 */
export async function shareDocument(
  name: string,
  accountIdsToAdd: readonly string[],
  context: OperationContext,
): Promise<void> {
  await lockOwn(name, 'shared', context);
  const [account] = accountIdsToAdd;
  if (account === undefined) return;
  throw new DocumentError(
    'DOCUMENT_UNSUPPORTED',
    `${name} cannot be shared with ${account}: this installation has one account, ${context.accountId}. Create the document in the other installation as well.`,
  );
}

/**
 * A node reads a document of ours only while it has a command that runs it. Asked before anything is looked up: a node
 * without such work learns neither which documents there are nor which versions they have.
 */
export async function requireWorkOfNode(nameOrArn: string, context: OperationContext): Promise<void> {
  const { principal } = context;
  const name = documentNameIn(nameOrArn);
  if (principal.kind !== 'node' || findBuiltIn(name)) return;
  if (await hasCommandWithDocument(context.db, principal.instanceId, name)) return;
  throw documentNotFound(nameOrArn);
}
