import type {
  DescribeDocumentRequest,
  DescribeDocumentResult,
  GetDocumentRequest,
  GetDocumentResult,
  ListDocumentsRequest,
  ListDocumentsResult,
} from '@aws-sdk/client-ssm';
import { stringify } from 'yaml';
import type { CamelCased } from '../../../operations/camel-cased.ts';
import { type OperationContext, operation } from '../../../operations/operation.ts';
import { nextToken, startOfPage } from '../../../operations/pages.ts';
import { ssmResource } from '../../../operations/resources.ts';
import { DocumentError, documentErrors } from './errors.ts';
import { type BuiltInDocument, findDocument, hashDocument, listEveryDocument } from './service.ts';

async function GetDocument(input: CamelCased<GetDocumentRequest>): Promise<CamelCased<GetDocumentResult>> {
  const document = findDocument(input.name ?? '', input.documentVersion);
  const format = input.documentFormat === 'YAML' ? 'YAML' : 'JSON';
  return {
    name: document.name,
    documentVersion: '1',
    status: 'Active',
    documentType: 'Command',
    documentFormat: format,
    content: format === 'YAML' ? stringify(document.content) : JSON.stringify(document.content, null, 2),
  };
}

async function DescribeDocument(
  input: CamelCased<DescribeDocumentRequest>,
): Promise<CamelCased<DescribeDocumentResult>> {
  const { name, content } = findDocument(input.name ?? '', input.documentVersion);
  return {
    document: {
      name,
      hash: hashDocument(content),
      hashType: 'Sha256',
      owner: 'Amazon',
      status: 'Active',
      documentVersion: '1',
      latestVersion: '1',
      defaultVersion: '1',
      description: content.description,
      parameters: Object.entries(content.parameters).map(([parameter, { type, description, default: value }]) => ({
        name: parameter,
        type,
        description,
        // A list is written as JSON here; a text as it is.
        defaultValue: value === undefined || typeof value === 'string' ? value : JSON.stringify(value),
      })),
      platformTypes: ['Linux'],
      documentType: 'Command',
      schemaVersion: content.schemaVersion,
      documentFormat: 'JSON',
      tags: [],
    },
  };
}

/** How a document answers to the filters of ListDocuments; values of one filter are alternatives. */
function matches(document: BuiltInDocument, key: string, values: readonly string[]): boolean {
  switch (key) {
    case 'Name':
      return values.some((value) => document.name.startsWith(value));
    case 'Owner':
      return values.some((value) => value === 'Amazon' || value === 'Public');
    case 'PlatformTypes':
      return values.includes('Linux');
    case 'DocumentType':
      return values.includes('Command');
    case 'SearchKeyword':
      return values.some((value) => document.name.toLowerCase().includes(value.toLowerCase()));
    default:
      if (key.startsWith('tag:') || key === 'TargetType') return false;
      throw new DocumentError('DOCUMENT_FILTER', `${key} is not a key that documents can be filtered by.`);
  }
}

async function ListDocuments(
  input: CamelCased<ListDocumentsRequest>,
  context: OperationContext,
): Promise<CamelCased<ListDocumentsResult>> {
  const filters = [
    ...(input.filters ?? []).map(({ key = '', values = [] }) => ({ key, values })),
    ...(input.documentFilterList ?? []).map(({ key = '', value = '' }) => ({ key, values: [value] })),
  ];
  const page = startOfPage('ListDocuments', input, context);
  const limit = input.maxResults ?? 50;
  const found = listEveryDocument()
    .filter((document) => document.name > page.after)
    .filter((document) => filters.every(({ key, values }) => matches(document, key, values)))
    .slice(0, limit + 1);
  return {
    documentIdentifiers: found.slice(0, limit).map((document) => ({
      name: document.name,
      owner: 'Amazon',
      platformTypes: ['Linux'],
      documentVersion: '1',
      documentType: 'Command',
      schemaVersion: document.content.schemaVersion,
      documentFormat: 'JSON',
    })),
    nextToken: nextToken(page, found, limit, (document) => document.name),
  };
}

export const documentOperations = {
  DescribeDocument: operation({
    handle: DescribeDocument,
    errors: documentErrors,
    resource: (input, context) => ssmResource(context, `document/${input.name}`),
  }),
  GetDocument: operation({
    handle: GetDocument,
    errors: documentErrors,
    resource: (input, context) => ssmResource(context, `document/${input.name}`),
  }),
  ListDocuments: operation({ handle: ListDocuments, errors: documentErrors }),
};
