import type { DocumentDescription } from '@aws-sdk/client-ssm';
import { findUnguardedParameters } from '@patchbay/patching';
import type { CamelCased } from '../../../operations/camel-cased.ts';
import type { FoundDocument } from './find-document.ts';

/** So many of them are told. */
const mostWarnings = 10;

/** What CreateDocument, UpdateDocument and DescribeDocument answer. */
export function describeDocument(
  document: FoundDocument,
  tags: Readonly<Record<string, string>>,
): CamelCased<DocumentDescription> {
  const { content } = document;
  const warnings = document.isBuiltIn ? [] : findUnguardedParameters(content).slice(0, mostWarnings);
  return {
    name: document.name,
    displayName: document.displayName,
    versionName: document.versionName,
    hash: document.hash,
    hashType: 'Sha256',
    owner: document.owner,
    createdDate: document.createdAt,
    status: 'Active',
    statusInformation: warnings.length === 0 ? undefined : warnings.join(' '),
    documentVersion: String(document.version),
    latestVersion: String(document.latestVersion),
    defaultVersion: String(document.defaultVersion),
    description: content.description,
    parameters: Object.entries(content.parameters).map(([name, { type, description, default: value }]) => ({
      name,
      // AWS's enumeration has no more than these two.
      type: type === 'StringList' || type === 'MapList' ? 'StringList' : 'String',
      description,
      // A list is written as JSON here; a text as it is.
      defaultValue: value === undefined || typeof value === 'string' ? value : JSON.stringify(value),
    })),
    platformTypes: document.platformTypes as NonNullable<DocumentDescription['PlatformTypes']>,
    documentType: 'Command',
    schemaVersion: document.schemaVersion,
    documentFormat: document.format,
    targetType: document.targetType,
    tags: Object.entries(tags).map(([key, value]) => ({ key, value })),
  };
}
