import { describe, expect, it } from 'vitest';
import { ec2MessagesOperations, ssmAgentOperations } from './agent-operations.ts';
import { decodeInput } from './json/decode.ts';
import { encodeJson } from './json/encode.ts';

const operations = new Map([...ssmAgentOperations, ...ec2MessagesOperations]);

function decode(name: string, input: object): Record<string, unknown> {
  const operation = operations.get(name);
  if (operation === undefined) throw new Error(`no operation ${name}`);
  return decodeInput(operation, Buffer.from(JSON.stringify(input)));
}

// The bodies are those that Amazon's agent 3.3 sends to a server on loopback, with identifiers made up.
describe("what Amazon's agent sends", () => {
  it('is accepted at registration', () => {
    const input = {
      ActivationCode: 'a'.repeat(20),
      ActivationId: '6f5a4c1e-6f2e-4e47-8c4c-1f6a1f5f0a01',
      Fingerprint: '0d1b6f61-95dd-4d63-8c02-2b5ba4b24b0f',
      PublicKey: 'M'.repeat(392),
      PublicKeyType: 'Rsa',
    };
    expect(decode('RegisterManagedInstance', input)).toMatchObject({ publicKeyType: 'Rsa' });
  });

  it('is accepted as the first ping and as the full one', () => {
    const first = {
      AgentName: 'amazon-ssm-agent',
      AgentVersion: '3.3.987.0',
      InstanceId: 'mi-0123456789abcdef0',
      PlatformType: 'Linux',
    };
    const full = {
      ...first,
      AgentStatus: 'Active',
      AvailabilityZone: '',
      AvailabilityZoneId: '',
      ComputerName: 'web1',
      IPAddress: '192.0.2.7',
      PlatformName: 'Debian GNU/Linux',
      PlatformVersion: '12',
      SSMConnectionChannel: '',
    };
    expect(decode('UpdateInstanceInformation', first)).toMatchObject({ platformType: 'Linux' });
    expect(decode('UpdateInstanceInformation', full)).toMatchObject({
      ipAddress: '192.0.2.7',
      ssmConnectionChannel: '',
    });
  });

  it('is accepted when it polls, acknowledges, replies and fails', () => {
    const messageId = 'aws.ssm.6f5a4c1e-6f2e-4e47-8c4c-1f6a1f5f0a01.mi-0123456789abcdef0';
    const poll = { Destination: 'mi-0123456789abcdef0', MessagesRequestId: 'x', VisibilityTimeoutInSeconds: 10 };
    expect(decode('GetMessages', poll)).toMatchObject({ visibilityTimeoutInSeconds: 10 });
    expect(decode('AcknowledgeMessage', { MessageId: messageId })).toEqual({ messageId });
    expect(decode('SendReply', { MessageId: messageId, ReplyId: 'r', Payload: '{}' })).toMatchObject({ payload: '{}' });
    const failure = { MessageId: messageId, FailureType: 'InternalHandlerException' };
    expect(decode('FailMessage', failure)).toMatchObject({ failureType: 'InternalHandlerException' });
  });
});

describe('the role token', () => {
  it('is written with all five members, the time as epoch seconds', () => {
    const output = ssmAgentOperations.get('RequestManagedInstanceRoleToken')?.output;
    expect(output).toBeDefined();
    if (output === undefined) return;
    const token = {
      accessKeyId: 'ASIA',
      secretAccessKey: 's',
      sessionToken: 't',
      tokenExpirationDate: new Date(1_700_000_000_000),
      updateKeyPair: false,
    };
    expect(encodeJson(output, token)).toBe(
      '{"AccessKeyId":"ASIA","SecretAccessKey":"s","SessionToken":"t","TokenExpirationDate":1700000000,"UpdateKeyPair":false}',
    );
  });
});

describe('a code that is too short', () => {
  it('is refused without being repeated', () => {
    expect(() => decode('RegisterManagedInstance', { ActivationCode: 'hunter2' })).toThrow(
      "Value at 'activationCode' failed to satisfy constraint: Member must have length greater than or equal to 20",
    );
  });
});
