import type { Constraints, OperationShape } from './shape.ts';
import {
  defineOperationShape,
  integer,
  listOf,
  mapOf,
  secretText,
  structure,
  text,
  timestamp,
  truth,
} from './shape-definition.ts';

/**
 * Operations that Amazon's agent calls and that no published SDK holds. Members, bounds and required marks are those
 * that the agent itself sends and enforces: https://github.com/aws/amazon-ssm-agent
 */
const instanceId: Constraints = { min: 10, max: 124 };
const publicKey: Constraints = { min: 392, max: 8192 };
const publicKeyType: Constraints = { enumValues: ['Rsa'] };
const someText: Constraints = { min: 1, max: 1024 };
// A reply holds the outputs of all steps; the agent's own channel is limited to 120,000 bytes.
const payload: Constraints = { min: 1, max: 262_144 };

/** SSM, target prefix `AmazonSSM`. */
export const ssmAgentOperations: ReadonlyMap<string, OperationShape> = byName([
  defineOperationShape(
    'RegisterManagedInstance',
    {
      'ActivationCode!': secretText({ min: 20, max: 250 }),
      'ActivationId!': text({ min: 36, max: 36, pattern: '[0-9a-fA-F-]{36}' }),
      'Fingerprint!': text(someText),
      'PublicKey!': text(publicKey),
      PublicKeyType: text(publicKeyType),
      IamRole: text({ max: 64 }),
      Provider: text(someText),
      // Patchbay's own agent says which region it was told, so that a mistake costs no activation.
      Region: text(someText),
      Tags: listOf(structure('Tag', { 'Key!': text({ min: 1, max: 128 }), 'Value!': text({ max: 256 }) }), {
        max: 1000,
      }),
    },
    { InstanceId: text() },
    ['InvalidActivation', 'InvalidActivationId', 'TooManyUpdates', 'InternalServerError'],
  ),
  defineOperationShape(
    'RequestManagedInstanceRoleToken',
    { 'Fingerprint!': text(someText) },
    {
      AccessKeyId: text(),
      SecretAccessKey: secretText(),
      SessionToken: secretText(),
      TokenExpirationDate: timestamp(),
      UpdateKeyPair: truth(),
    },
    ['MachineFingerprintDoesNotMatch', 'AccessDeniedException', 'InternalServerError'],
  ),
  defineOperationShape(
    'UpdateManagedInstancePublicKey',
    { 'NewPublicKey!': text(publicKey), 'NewPublicKeyType!': text(publicKeyType) },
    {},
    ['AccessDeniedException', 'InternalServerError'],
  ),
  defineOperationShape(
    'UpdateInstanceInformation',
    {
      'InstanceId!': text(instanceId),
      AgentName: text({ max: 128 }),
      AgentStatus: text({ max: 128 }),
      AgentVersion: text({ max: 128 }),
      AvailabilityZone: text({ max: 128 }),
      AvailabilityZoneId: text({ max: 128 }),
      ComputerName: text({ max: 255 }),
      IPAddress: { ...text({ max: 46 }), sensitive: true },
      PlatformName: text({ max: 256 }),
      PlatformType: text({ enumValues: ['Windows', 'Linux', 'MacOS'] }),
      PlatformVersion: text({ max: 256 }),
      SourceId: text({ max: 128 }),
      SourceLocation: text({ max: 256 }),
      SourceType: text({ max: 64 }),
      SSMConnectionChannel: text({ max: 64 }),
    },
    {},
    ['InvalidInstanceId', 'InternalServerError'],
  ),
  defineOperationShape(
    'ListInstanceAssociations',
    { 'InstanceId!': text(instanceId), MaxResults: integer({ min: 1, max: 50 }), NextToken: text() },
    {
      Associations: listOf(
        structure('InstanceAssociationSummary', {
          AssociationId: text(),
          Name: text(),
          DocumentVersion: text(),
          AssociationVersion: text(),
          InstanceId: text(),
          ScheduleExpression: text(),
          Parameters: mapOf(listOf(text())),
          DetailedStatus: text(),
          Checksum: text(),
          LastExecutionDate: timestamp(),
          OutputLocation: structure('InstanceAssociationOutputLocation', {
            S3Location: structure('S3OutputLocation', {
              OutputS3Region: text(),
              OutputS3BucketName: text(),
              OutputS3KeyPrefix: text(),
            }),
          }),
        }),
      ),
      NextToken: text(),
    },
    ['InvalidInstanceId', 'InvalidNextToken', 'InternalServerError'],
  ),
  defineOperationShape(
    'UpdateInstanceAssociationStatus',
    {
      'AssociationId!': text({
        pattern: '[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}',
      }),
      'InstanceId!': text(instanceId),
      'ExecutionResult!': structure('InstanceAssociationExecutionResult', {
        'Status!': text(someText),
        ErrorCode: text({ max: 128 }),
        'ExecutionDate!': timestamp(),
        ExecutionSummary: text({ max: 512 }),
        OutputUrl: structure('InstanceAssociationOutputUrl', {
          S3OutputUrl: structure('S3OutputUrl', { OutputUrl: text() }),
        }),
      }),
    },
    { AssociationId: text(), InstanceId: text() },
    ['AssociationDoesNotExist', 'InvalidInstanceId', 'InternalServerError'],
  ),
]);

/** The target prefix of ec2messages, what agents poll. */
export const ec2MessagesTargetPrefix = 'EC2WindowsMessageDeliveryService';

const messageId = text(someText);

/** ec2messages, the whole service. */
export const ec2MessagesOperations: ReadonlyMap<string, OperationShape> = byName([
  defineOperationShape(
    'GetMessages',
    {
      'Destination!': text(someText),
      'MessagesRequestId!': text(someText),
      NextToken: text(),
      VisibilityTimeoutInSeconds: integer({ min: 1, max: 43_200 }),
      // Ours: how long the caller waits for an answer. Amazon's agent gives up after 20 seconds and does not say so.
      PatchbayPollSeconds: integer({ min: 1, max: 55 }),
      // Ours: which life of the agent asks. One that had ended is a second machine with the same key.
      PatchbayAgentRunId: text(someText),
    },
    {
      Destination: text(),
      MessagesRequestId: text(),
      Messages: listOf(
        structure('Message', {
          MessageId: text(),
          // The agent reads a text of 24 characters here, no epoch seconds.
          CreatedDate: text(),
          Destination: text(),
          Topic: text(),
          Payload: text(),
          PayloadDigest: text(),
        }),
      ),
    },
  ),
  defineOperationShape('AcknowledgeMessage', { 'MessageId!': messageId }, {}),
  defineOperationShape(
    'SendReply',
    { 'MessageId!': messageId, 'ReplyId!': text(someText), 'Payload!': text(payload) },
    { MessageId: text(), ReplyId: text(), ReplyStatus: text(), Description: text() },
  ),
  defineOperationShape(
    'FailMessage',
    {
      'MessageId!': messageId,
      'FailureType!': text({ enumValues: ['InternalHandlerException', 'NoHandlerExists'] }),
    },
    {},
  ),
  defineOperationShape('DeleteMessage', { 'MessageId!': messageId }, {}),
  defineOperationShape(
    'GetEndpoint',
    { 'Destination!': text(someText), Protocol: text(someText) },
    { Endpoint: text(), Protocol: text() },
  ),
]);

function byName(operations: readonly OperationShape[]): ReadonlyMap<string, OperationShape> {
  return new Map(operations.map((operation) => [operation.name, operation]));
}
