import * as clientSsm from '@aws-sdk/client-ssm';
import { describe, expect, it } from 'vitest';
import { decodeInput } from '../json/decode.ts';
import { adaptService } from '../schema-adapter.ts';
import type { StructureShape } from '../shape.ts';
import { integer, listOf, mapOf, secretText, structure, text } from '../shape-definition.ts';
import { findViolations } from './apply-constraints.ts';
import { compileJavaPattern } from './java-pattern.ts';
import { ssmConstraints } from './ssm.ts';

const ssm = adaptService(clientSsm, ssmConstraints);

function answerTo(operationName: string, input: object): string {
  const operation = ssm.operations.get(operationName);
  if (operation === undefined) throw new Error(`no operation ${operationName}`);
  try {
    decodeInput(operation, Buffer.from(JSON.stringify(input)));
  } catch (error) {
    return error instanceof Error && 'code' in error ? `${String(error.code)}: ${error.message}` : 'threw';
  }
  return 'accepted';
}

function texts(shape: StructureShape, value: Readonly<Record<string, unknown>>): string[] {
  return findViolations(shape, value).map(({ text: sentence }) => sentence);
}

describe("SSM's constraints", () => {
  it.each<[operation: string, input: object, answer: string]>([
    ['CreatePatchBaseline', { Name: 'prod' }, 'accepted'],
    [
      'CreatePatchBaseline',
      { Name: 'ab' },
      "ValidationException: 2 validation errors detected: Value 'ab' at 'name' failed to satisfy constraint: Member must have length greater than or equal to 3; Value 'ab' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: ^[a-zA-Z0-9_\\-.]{3,128}$",
    ],
    [
      'CreatePatchBaseline',
      {},
      "ValidationException: 1 validation error detected: Value null at 'name' failed to satisfy constraint: Member must not be null",
    ],
    [
      'CreatePatchBaseline',
      { Name: 'prod', RejectedPatchesAction: 'DENY' },
      "ValidationException: 1 validation error detected: Value 'DENY' at 'rejectedPatchesAction' failed to satisfy constraint: Member must satisfy enum value set: [ALLOW_AS_DEPENDENCY, BLOCK]",
    ],
    [
      'CreatePatchBaseline',
      {
        Name: 'prod',
        ApprovalRules: { PatchRules: [{ PatchFilterGroup: { PatchFilters: [] }, ApproveAfterDays: 361 }] },
      },
      "ValidationException: 1 validation error detected: Value '361' at 'approvalRules.patchRules.1.member.approveAfterDays' failed to satisfy constraint: Member must have value less than or equal to 360",
    ],
    [
      'DescribeMaintenanceWindows',
      { MaxResults: 5 },
      "ValidationException: 1 validation error detected: Value '5' at 'maxResults' failed to satisfy constraint: Member must have value greater than or equal to 10",
    ],
  ])('answers %s %j', (operation, input, answer) => {
    expect(answerTo(operation, input)).toBe(answer);
  });
});

describe("the inputs of AWS's own walkthroughs", () => {
  // https://docs.aws.amazon.com/systems-manager/latest/userguide/patch-manager-cli-commands.html
  it.each<[operation: string, input: object]>([
    [
      'CreateActivation',
      {
        IamRole: 'service-role/AmazonEC2RunCommandRoleForManagedInstances',
        RegistrationLimit: 1,
        DefaultInstanceName: 'web server',
        ExpirationDate: 1_798_761_600,
        Tags: [{ Key: 'Patch Group', Value: 'WebServers' }],
      },
    ],
    [
      'CreatePatchBaseline',
      {
        Name: 'Debian-Production',
        Description: 'all of it, after a week',
        OperatingSystem: 'DEBIAN',
        ApprovalRules: {
          PatchRules: [
            {
              PatchFilterGroup: { PatchFilters: [{ Key: 'PRIORITY', Values: ['Required', 'Important'] }] },
              ApproveAfterDays: 7,
              ComplianceLevel: 'CRITICAL',
            },
          ],
        },
        RejectedPatches: ['linux-image-*'],
        ClientToken: '6f5a4c1e-6f2e-4e47-8c4c-1f6a1f5f0a01',
      },
    ],
    ['RegisterPatchBaselineForPatchGroup', { BaselineId: 'pb-0123456789abcdef0', PatchGroup: 'Web Servers' }],
    ['GetPatchBaseline', { BaselineId: 'arn:aws:ssm:us-east-1:123456789012:patchbaseline/pb-0123456789abcdef0' }],
    ['DescribePatchBaselines', { Filters: [{ Key: 'OWNER', Values: ['Self'] }], MaxResults: 50 }],
    [
      'SendCommand',
      {
        DocumentName: 'AWS-RunPatchBaseline',
        Targets: [{ Key: 'tag:Patch Group', Values: ['WebServers', 'Web Servers'] }],
        Parameters: { Operation: ['Scan'] },
        MaxConcurrency: '50%',
        MaxErrors: '0',
        TimeoutSeconds: 600,
        Comment: 'scan',
      },
    ],
    ['SendCommand', { DocumentName: 'AWS-RunShellScript', InstanceIds: ['mi-0123456789abcdef0'] }],
    ['ListCommandInvocations', { CommandId: '6f5a4c1e-6f2e-4e47-8c4c-1f6a1f5f0a01', Details: true }],
    ['GetCommandInvocation', { CommandId: '6f5a4c1e-6f2e-4e47-8c4c-1f6a1f5f0a01', InstanceId: 'mi-0123456789abcdef0' }],
    ['DescribeInstanceInformation', { Filters: [{ Key: 'InstanceIds', Values: ['mi-0123456789abcdef0'] }] }],
    ['DescribeInstancePatchStates', { InstanceIds: ['mi-0123456789abcdef0'] }],
    [
      'DescribeInstancePatches',
      { InstanceId: 'mi-0123456789abcdef0', Filters: [{ Key: 'State', Values: ['Missing'] }] },
    ],
    [
      'AddTagsToResource',
      {
        ResourceType: 'ManagedInstance',
        ResourceId: 'mi-0123456789abcdef0',
        Tags: [{ Key: 'PatchGroup', Value: '' }],
      },
    ],
    ['DeregisterManagedInstance', { InstanceId: 'mi-0123456789abcdef0' }],
    ['DeleteActivation', { ActivationId: '6f5a4c1e-6f2e-4e47-8c4c-1f6a1f5f0a01' }],
    ['GetDocument', { Name: 'AWS-RunPatchBaseline', DocumentVersion: '$DEFAULT' }],
    ['ListDocuments', { Filters: [{ Key: 'Owner', Values: ['Amazon'] }] }],
  ])('%s is accepted', (operation, input) => {
    expect(answerTo(operation, input)).toBe('accepted');
  });
});

describe('findViolations', () => {
  // Recorded: https://github.com/aws-samples/eks-security-compromised-cluster-remediation/issues/18
  it('reports simple elements once for the list, with all constraints of an element', () => {
    const pattern = '(^i-(\\w{8}|\\w{17})$)|(^mi-\\w{17}$)';
    const shape = structure('Send', { InstanceIds: listOf(text({ min: 10, max: 20, pattern })) });
    expect(
      texts(shape, { instanceIds: ['i-022dc802f1debc731', 'i-00903e1796f3b1cb6,', 'i-006fbc178160b8ab1'] }),
    ).toEqual([
      `Value '[i-022dc802f1debc731, i-00903e1796f3b1cb6,, i-006fbc178160b8ab1]' at 'instanceIds' failed to satisfy constraint: Member must satisfy constraint: [Member must have length less than or equal to 20, Member must have length greater than or equal to 10, Member must satisfy regular expression pattern: ${pattern}]`,
    ]);
  });

  // Recorded: https://github.com/boto/boto3/issues/2601
  it('reports keys and values of a map', () => {
    const shape = structure('Make', { Tables: mapOf(text({ max: 2 }), text({ min: 1, max: 3 })) });
    expect(texts(shape, { tables: { long_: 'abc' } })).toEqual([
      "Value '{long_=abc}' at 'tables' failed to satisfy constraint: Map keys must satisfy constraint: [Member must have length less than or equal to 3, Member must have length greater than or equal to 1]",
      "Value '{long_=abc}' at 'tables' failed to satisfy constraint: Map value must satisfy constraint: [Member must have length less than or equal to 2]",
    ]);
  });

  it('looks into structures inside maps and lists', () => {
    const inner = structure('Inner', { 'Name!': text() });
    const shape = structure('Outer', { List: listOf(inner), Map: mapOf(inner), Lists: listOf(listOf(inner)) });
    expect(
      findViolations(shape, { list: [{ name: 'a' }, {}], map: { x: {} }, lists: [[{}]] }).map(({ path }) => path),
    ).toEqual(['list.2.member.name', 'map.x.member.name', 'lists.1.1.member.name']);
  });

  it('counts list lengths, map entries, bytes and code points', () => {
    const shape = structure('Sizes', {
      List: listOf(text(), { max: 1 }),
      Bytes: { kind: 'blob', constraints: { max: 1 } },
      Text: text({ max: 1 }),
      Map: { ...mapOf(text()), constraints: { min: 1 } },
      Number: integer({ min: 2 }),
    });
    const within = { list: ['a'], bytes: Uint8Array.of(1), text: '😀', map: { a: 'b' }, number: 2 };
    const beyond = { list: ['a', 'b'], bytes: Uint8Array.of(1, 2), text: '😀a', map: {}, number: 1 };
    expect(texts(shape, within)).toEqual([]);
    expect(texts(shape, beyond)).toEqual([
      "Value '[a, b]' at 'list' failed to satisfy constraint: Member must have length less than or equal to 1",
      "Value '2 bytes' at 'bytes' failed to satisfy constraint: Member must have length less than or equal to 1",
      "Value '😀a' at 'text' failed to satisfy constraint: Member must have length less than or equal to 1",
      "Value '{}' at 'map' failed to satisfy constraint: Member must have length greater than or equal to 1",
      "Value '1' at 'number' failed to satisfy constraint: Member must have value greater than or equal to 2",
    ]);
  });

  it('never shows a sensitive value, neither alone nor inside a list', () => {
    const shape = structure('Secrets', {
      Code: secretText({ min: 20 }),
      Rules: listOf(structure('Rule', { Password: secretText(), User: text() }), { max: 0 }),
    });
    expect(texts(shape, { code: 'hunter2', rules: [{ password: 'hunter2', user: 'me' }] })).toEqual([
      "Value at 'code' failed to satisfy constraint: Member must have length greater than or equal to 20",
      "Value '[Rule(password=***, user=me)]' at 'rules' failed to satisfy constraint: Member must have length less than or equal to 0",
    ]);
  });

  it('hides what lies inside something sensitive', () => {
    const inner = structure('Inner', { User: text({ max: 1 }) });
    const shape = structure('Outer', {
      Account: { ...inner, sensitive: true },
      Accounts: { ...listOf(inner), sensitive: true },
    });
    expect(texts(shape, { account: { user: 'me' }, accounts: [{ user: 'me' }] })).toEqual([
      "Value at 'account.user' failed to satisfy constraint: Member must have length less than or equal to 1",
      "Value at 'accounts.1.member.user' failed to satisfy constraint: Member must have length less than or equal to 1",
    ]);
  });

  it('stops after a hundred violations', () => {
    const shape = structure('Many', { List: listOf(structure('One', { 'A!': text(), 'B!': text(), 'C!': text() })) });
    expect(texts(shape, { list: Array.from({ length: 100_000 }, () => ({})) })).toHaveLength(100);
  });

  it('cuts a long value off and spares an overlong one the pattern', () => {
    const shape = structure('Long', { Text: text({ max: 10, pattern: '(a+)+b' }) });
    const [sentence = '', ...more] = texts(shape, { text: 'a'.repeat(100_000) });
    expect(sentence.length).toBeLessThan(1200);
    expect(more).toEqual([]);
  });
});

describe('Java patterns', () => {
  it.each([
    ['[0-9]{12}', '123456789012', true],
    ['[0-9]{12}', 'x123456789012', false],
    ['(?i)all|[0-9]{12}', 'ALL', true],
    ['(?i)all|[0-9]{12}', 'ALLX', false],
    ['^([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)$', 'Größe 5', true],
    ['^([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)$', 'a<b', false],
    ['(^i-(\\w{8}|\\w{17})$)|(^mi-\\w{17}$)', 'mi-0123456789abcdef0', true],
    ['(^i-(\\w{8}|\\w{17})$)|(^mi-\\w{17}$)', 'mi-0123456789abcdef0\n', false],
  ])('%s on %j is %s', (pattern, value, isMatch) => {
    expect(compileJavaPattern(pattern).test(value)).toBe(isMatch);
  });
});
