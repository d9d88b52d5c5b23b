import { AppError } from '@patchbay/facts';
import type { ErrorTable } from '../../../operations/operation.ts';
import { holdErrors } from '../../../patchbay/change-freezes/errors.ts';
import { documentErrors } from '../documents/errors.ts';

export class CommandError extends AppError<
  | 'COMMAND_INSTANCE'
  | 'COMMAND_DUPLICATE_INSTANCE'
  | 'COMMAND_PARAMETERS'
  | 'COMMAND_TARGETS'
  | 'COMMAND_ID'
  | 'COMMAND_REPLY'
  | 'COMMAND_DOCUMENT_HASH'
  | 'COMMAND_PLATFORM'
  | 'COMMAND_FILTER'
  | 'COMMAND_UNSUPPORTED'
  | 'INVOCATION_NOT_FOUND'
  | 'PLUGIN_NAME'
> {}

export const commandErrors: ErrorTable = {
  ...documentErrors,
  ...holdErrors,
  COMMAND_INSTANCE: 'InvalidInstanceId',
  COMMAND_DUPLICATE_INSTANCE: 'DuplicateInstanceId',
  COMMAND_PARAMETERS: 'InvalidParameters',
  COMMAND_TARGETS: 'ValidationException',
  OVERRIDE_ADDRESS: 'InvalidParameters',
  OVERRIDE_UNREADABLE: 'InvalidParameters',
  OVERRIDE_CONTENT: 'InvalidParameters',
  PARAMETER_REFERENCE: 'InvalidParameters',
  COMMAND_ID: 'InvalidCommandId',
  COMMAND_DOCUMENT_HASH: 'InvalidDocument',
  COMMAND_PLATFORM: 'UnsupportedPlatformType',
  COMMAND_REPLY: 'ValidationException',
  COMMAND_FILTER: 'InvalidFilterKey',
  COMMAND_UNSUPPORTED: 'ValidationException',
  INVOCATION_NOT_FOUND: 'InvocationDoesNotExist',
  PLUGIN_NAME: 'InvalidPluginName',
};
