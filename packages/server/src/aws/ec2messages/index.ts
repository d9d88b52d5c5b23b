import { ec2MessagesTargetPrefix, ec2MessagesOperations as shapes } from '@patchbay/aws-wire';
import { defineAwsService } from '../../operations/registry.ts';
import { ec2MessagesOperations } from './operations.ts';

/** What agents poll for commands and answer to. */
export const ec2Messages = defineAwsService({
  service: 'ec2messages',
  targetPrefix: ec2MessagesTargetPrefix,
  shapes,
  operations: ec2MessagesOperations,
});
