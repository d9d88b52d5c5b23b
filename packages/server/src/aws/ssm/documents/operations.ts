import type {
  CreateDocumentRequest,
  CreateDocumentResult,
  DeleteDocumentRequest,
  DescribeDocumentPermissionRequest,
  DescribeDocumentPermissionResponse,
  DescribeDocumentRequest,
  DescribeDocumentResult,
  DocumentIdentifier,
  GetDocumentRequest,
  GetDocumentResult,
  ListDocumentsRequest,
  ListDocumentsResult,
  ListDocumentVersionsRequest,
  ListDocumentVersionsResult,
  ModifyDocumentPermissionRequest,
  UpdateDocumentDefaultVersionRequest,
  UpdateDocumentDefaultVersionResult,
  UpdateDocumentRequest,
  UpdateDocumentResult,
} from '@aws-sdk/client-ssm';
import type { CamelCased } from '../../../operations/camel-cased.ts';
import { type EmptyResult, type OperationContext, operation } from '../../../operations/operation.ts';
import { nextToken, startOfPage } from '../../../operations/pages.ts';
import { readTags } from '../tags/repository.ts';
import { tagNewResource } from '../tags/service.ts';
import { describeDocument } from './describe.ts';
import { DocumentError, documentErrors } from './errors.ts';
import { readDocumentFilters } from './filters.ts';
import { documentResource, type FoundDocument, findDocument } from './find-document.ts';
import { pageDocuments } from './list.ts';
import { listVersions } from './repository.ts';
import {
  createDocument,
  type DocumentDraft,
  deleteDocument,
  requireWorkOfNode,
  setDefaultVersion,
  shareDocument,
  updateDocument,
  writeContent,
} from './service.ts';

function tagged(name: string) {
  return { resourceType: 'Document', resourceId: name };
}

async function describe(document: FoundDocument, context: OperationContext) {
  const tags = document.isBuiltIn ? {} : await readTags(context.db, context, tagged(document.name));
  return describeDocument(document, tags);
}

function readDraft(input: CamelCased<Omit<UpdateDocumentRequest, 'Name'>>): DocumentDraft {
  if ((input.attachments ?? []).length > 0) {
    throw new DocumentError(
      'DOCUMENT_UNSUPPORTED',
      'Attachments belong to documents of type Package, which do not exist here.',
    );
  }
  const { content = '', documentFormat, versionName, displayName, targetType } = input;
  return { text: content, format: documentFormat, versionName, displayName, targetType };
}

async function CreateDocument(
  input: CamelCased<CreateDocumentRequest>,
  context: OperationContext,
): Promise<CamelCased<CreateDocumentResult>> {
  const { name = '', documentType = 'Command', requires = [] } = input;
  if (documentType !== 'Command') {
    throw new DocumentError(
      'DOCUMENT_UNSUPPORTED',
      `Documents of type ${documentType} do not exist here; DocumentType can be Command.`,
    );
  }
  if (requires.length > 0) {
    throw new DocumentError('DOCUMENT_UNSUPPORTED', 'Requires is not supported for documents of type Command.');
  }
  const created = await createDocument(name, readDraft(input), context);
  const tags = (input.tags ?? []).map(({ key = '', value = '' }) => ({ key, value }));
  await tagNewResource(tagged(name), tags, context);
  return { documentDescription: await describe(created, context) };
}

async function UpdateDocument(
  input: CamelCased<UpdateDocumentRequest>,
  context: OperationContext,
): Promise<CamelCased<UpdateDocumentResult>> {
  const updated = await updateDocument(input.name ?? '', readDraft(input), input.documentVersion, context);
  return { documentDescription: await describe(updated, context) };
}

async function UpdateDocumentDefaultVersion(
  input: CamelCased<UpdateDocumentDefaultVersionRequest>,
  context: OperationContext,
): Promise<CamelCased<UpdateDocumentDefaultVersionResult>> {
  const { name, version, versionName } = await setDefaultVersion(
    input.name ?? '',
    input.documentVersion ?? '',
    context,
  );
  return { description: { name, defaultVersion: String(version), defaultVersionName: versionName } };
}

async function DeleteDocument(
  input: CamelCased<DeleteDocumentRequest>,
  context: OperationContext,
): Promise<EmptyResult> {
  const { name = '', documentVersion: version, versionName } = input;
  await deleteDocument(name, { version, versionName }, context);
  return {};
}

async function GetDocument(
  input: CamelCased<GetDocumentRequest>,
  context: OperationContext,
): Promise<CamelCased<GetDocumentResult>> {
  const { name = '', documentVersion: version, versionName, documentFormat } = input;
  if (documentFormat === 'TEXT') {
    throw new DocumentError(
      'DOCUMENT_UNSUPPORTED',
      'DocumentFormat must be JSON or YAML for a document of type Command.',
    );
  }
  await requireWorkOfNode(name, context);
  const document = await findDocument(name, { version, versionName }, context);
  const format = documentFormat ?? 'JSON';
  return {
    name: document.name,
    displayName: document.displayName,
    versionName: document.versionName,
    createdDate: document.createdAt,
    documentVersion: String(document.version),
    status: 'Active',
    documentType: 'Command',
    documentFormat: format,
    content: writeContent(document, format),
  };
}

async function DescribeDocument(
  input: CamelCased<DescribeDocumentRequest>,
  context: OperationContext,
): Promise<CamelCased<DescribeDocumentResult>> {
  const { name = '', documentVersion: version, versionName } = input;
  return { document: await describe(await findDocument(name, { version, versionName }, context), context) };
}

async function ListDocuments(
  input: CamelCased<ListDocumentsRequest>,
  context: OperationContext,
): Promise<CamelCased<ListDocumentsResult>> {
  const page = startOfPage('ListDocuments', input, context);
  const limit = input.maxResults ?? 50;
  const found = await pageDocuments(readDocumentFilters(input), page.after, limit + 1, context);
  return {
    documentIdentifiers: found.slice(0, limit).map((entry) => ({
      name: entry.name,
      createdDate: entry.createdAt,
      displayName: entry.displayName,
      owner: entry.owner,
      versionName: entry.versionName,
      platformTypes: entry.platformTypes as NonNullable<DocumentIdentifier['PlatformTypes']>,
      documentVersion: String(entry.version),
      documentType: 'Command',
      schemaVersion: entry.schemaVersion,
      documentFormat: entry.format,
      targetType: entry.targetType,
      tags: Object.entries(entry.tags).map(([key, value]) => ({ key, value })),
    })),
    nextToken: nextToken(page, found, limit, (entry) => entry.name),
  };
}

async function ListDocumentVersions(
  input: CamelCased<ListDocumentVersionsRequest>,
  context: OperationContext,
): Promise<CamelCased<ListDocumentVersionsResult>> {
  const page = startOfPage('ListDocumentVersions', input, context);
  const limit = input.maxResults ?? 50;
  const document = await findDocument(input.name ?? '', {}, context);
  const own = document.isBuiltIn ? [] : await listVersions(context.db, context, document.name);
  const versions = document.isBuiltIn
    ? [{ version: 1, versionName: null, displayName: null, createdAt: undefined, format: document.format }]
    : own;
  const after = page.after === '' ? Number.POSITIVE_INFINITY : Number(page.after);
  const found = versions.filter(({ version }) => version < after).slice(0, limit + 1);
  return {
    documentVersions: found.slice(0, limit).map((each) => ({
      name: document.name,
      displayName: each.displayName ?? undefined,
      documentVersion: String(each.version),
      versionName: each.versionName ?? undefined,
      createdDate: each.createdAt,
      isDefaultVersion: each.version === document.defaultVersion,
      documentFormat: each.format,
      status: 'Active',
    })),
    nextToken: nextToken(page, found, limit, (each) => String(each.version)),
  };
}

async function DescribeDocumentPermission(
  input: CamelCased<DescribeDocumentPermissionRequest>,
  context: OperationContext,
): Promise<CamelCased<DescribeDocumentPermissionResponse>> {
  const { isBuiltIn, name } = await findDocument(input.name ?? '', {}, context);
  if (isBuiltIn) {
    throw new DocumentError(
      'DOCUMENT_OPERATION',
      `${name} is built in: everybody may use it, and that cannot be changed.`,
    );
  }
  startOfPage('DescribeDocumentPermission', input, context);
  return { accountIds: [], accountSharingInfoList: [] };
}

async function ModifyDocumentPermission(
  input: CamelCased<ModifyDocumentPermissionRequest>,
  context: OperationContext,
): Promise<EmptyResult> {
  await shareDocument(input.name ?? '', input.accountIdsToAdd ?? [], context);
  return {};
}

const named = {
  errors: documentErrors,
  resource: ({ name = '' }: { readonly name?: string | undefined }, context: OperationContext) =>
    documentResource(name, context),
} as const;

export const documentOperations = {
  CreateDocument: operation({ ...named, handle: CreateDocument }),
  DeleteDocument: operation({ ...named, handle: DeleteDocument }),
  DescribeDocument: operation({ ...named, handle: DescribeDocument }),
  DescribeDocumentPermission: operation({ ...named, handle: DescribeDocumentPermission }),
  GetDocument: operation({ ...named, handle: GetDocument }),
  ListDocuments: operation({ handle: ListDocuments, errors: documentErrors }),
  ListDocumentVersions: operation({ ...named, handle: ListDocumentVersions }),
  ModifyDocumentPermission: operation({ ...named, handle: ModifyDocumentPermission }),
  UpdateDocument: operation({ ...named, handle: UpdateDocument }),
  UpdateDocumentDefaultVersion: operation({ ...named, handle: UpdateDocumentDefaultVersion }),
};
