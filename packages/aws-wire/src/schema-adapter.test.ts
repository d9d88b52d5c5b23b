import * as clientSsm from '@aws-sdk/client-ssm';
import { describe, expect, it } from 'vitest';
import { ec2MessagesOperations, ssmAgentOperations } from './agent-operations.ts';
import { compileJavaPattern } from './constraints/java-pattern.ts';
import { ssmConstraints } from './constraints/ssm.ts';
import { decodeJson } from './json/decode.ts';
import { encodeJson } from './json/encode.ts';
import { adaptService } from './schema-adapter.ts';
import type { MemberShape, OperationShape, Shape, StructureShape } from './shape.ts';

const ssm = adaptService(clientSsm, ssmConstraints);

function operation(name: string): OperationShape {
  const found = ssm.operations.get(name);
  if (found === undefined) throw new Error(`no operation ${name}`);
  return found;
}

function member(shape: Shape, ...path: string[]): MemberShape {
  const [first, ...rest] = path;
  const structure = structureIn(shape);
  const found = structure?.members.find(({ name }) => name === first);
  if (found === undefined) throw new Error(`no member ${String(first)}`);
  return rest.length === 0 ? found : member(found.shape, ...rest);
}

function structureIn(shape: Shape): StructureShape | undefined {
  if (shape.kind === 'structure') return shape;
  if (shape.kind === 'list') return structureIn(shape.element);
  return shape.kind === 'map' ? structureIn(shape.value) : undefined;
}

function roundTrip(shape: StructureShape, wire: object): unknown {
  return JSON.parse(encodeJson(shape, decodeJson(shape, Buffer.from(JSON.stringify(wire)))));
}

/** Every structure of the service, each once. */
function allStructures(): Set<StructureShape> {
  const seen = new Set<StructureShape>();
  const visit = (shape: Shape): void => {
    const structure = structureIn(shape);
    if (structure === undefined || seen.has(structure)) return;
    seen.add(structure);
    for (const { shape: target } of structure.members) visit(target);
  };
  for (const { input, output } of ssm.operations.values()) [input, output].forEach(visit);
  for (const { structure } of ssm.errors.values()) visit(structure);
  return seen;
}

describe('the schemas that @aws-sdk/client-ssm publishes', () => {
  it('hold the operations and errors that we know of', () => {
    expect(ssm.operations.size).toBe(154);
    expect(ssm.errors.size).toBe(141);
  });

  it('have a form that this package reads completely', () => {
    expect(allStructures().size).toBeGreaterThan(550);
    const create = operation('CreatePatchBaseline');
    expect(create.input.name).toBe('CreatePatchBaselineRequest');
    expect(create.errors).toContain('IdempotentParameterMismatch');
    expect(member(create.input, 'name')).toMatchObject({
      wireName: 'Name',
      required: true,
      shape: { kind: 'string', constraints: { min: 3, max: 128, pattern: '^[a-zA-Z0-9_\\-.]{3,128}$' } },
    });
    expect(member(create.input, 'clientToken').idempotencyToken).toBe(true);
    expect(member(create.input, 'approvalRules', 'patchRules', 'approveAfterDays').shape).toEqual({
      kind: 'integer',
      constraints: { min: 0, max: 360 },
    });
    expect(member(create.input, 'operatingSystem').shape.constraints?.enumValues).toContain('DEBIAN');
    expect(member(create.input, 'approvedPatches').shape).toMatchObject({
      kind: 'list',
      constraints: { max: 50 },
      element: { kind: 'string', constraints: { min: 1, max: 100 } },
    });
    expect(member(create.input, 'sources', 'configuration').shape.sensitive).toBe(true);
  });

  it('round-trip a value of every kind', () => {
    const document = {
      DocumentName: 'AWS-RunPatchBaseline',
      InstanceIds: ['mi-0123456789abcdef0'],
      TimeoutSeconds: 600,
      Parameters: { Operation: ['Scan'], constructor: ['x'] },
      Targets: [{ Key: 'tag:PatchGroup', Values: ['Web'] }],
      CloudWatchOutputConfig: { CloudWatchOutputEnabled: true },
    };
    expect(roundTrip(operation('SendCommand').input, document)).toEqual(document);
    const task = {
      WindowId: 'mw-0123456789abcdef0',
      TaskArn: 'x',
      TaskType: 'LAMBDA',
      TaskInvocationParameters: { Lambda: { Payload: 'AQID/w==' } },
    };
    expect(roundTrip(operation('RegisterTaskWithMaintenanceWindow').input, task)).toEqual(task);
    const activation = { IamRole: 'x', ExpirationDate: 1798761600.123 };
    expect(roundTrip(operation('CreateActivation').input, activation)).toEqual(activation);
    const node = { Nodes: [{ Id: 'x', NodeType: { Instance: { AgentVersion: '3' } } }] };
    expect(roundTrip(operation('ListNodes').output, node)).toEqual(node);
    const nested = { Aggregators: [{ Expression: 'a', Aggregators: [{ Expression: 'b' }] }] };
    expect(roundTrip(operation('GetInventory').input, nested)).toEqual(nested);
  });

  it('know nothing of the operations that are written by hand', () => {
    for (const name of [...ssmAgentOperations.keys(), ...ec2MessagesOperations.keys()]) {
      expect(ssm.operations.has(name)).toBe(false);
    }
  });
});

describe('the constraints generated from botocore', () => {
  it('lack these operations of the SDK, and know none that it lacks', () => {
    const modelled = new Set(Object.keys(ssmConstraints.operations));
    expect([...modelled].filter((name) => !ssm.operations.has(name))).toEqual([]);
    expect([...ssm.operations.keys()].filter((name) => !modelled.has(name)).sort()).toMatchInlineSnapshot(`
      [
        "CreateCloudConnector",
        "DeleteCloudConnector",
        "DeregisterDefaultHostManagementConfiguration",
        "GetCloudConnector",
        "ListCloudConnectors",
        "RegisterDefaultHostManagementConfiguration",
        "UpdateCloudConnector",
        "ValidateCloudConnector",
      ]
    `);
  });

  it('name structures and members that the SDK has, and require no more than it does', () => {
    const structures = new Map([...allStructures()].map((structure) => [structure.name, structure]));
    const problems = Object.entries(ssmConstraints.structures).flatMap(([name, { members = {}, required = [] }]) => {
      const structure = structures.get(name);
      if (structure === undefined) return [name];
      const wireNames = new Set(structure.members.map(({ wireName }) => wireName));
      return [...Object.keys(members), ...required].filter((one) => !wireNames.has(one)).map((one) => `${name}.${one}`);
    });
    expect(problems).toEqual([]);
    const withoutModel = adaptService(clientSsm);
    for (const [name, { input }] of ssm.operations) {
      const published = withoutModel.operations.get(name)?.input;
      expect(published?.members.map(({ required }) => required)).toEqual(input.members.map(({ required }) => required));
    }
  });

  it('hold only patterns that JavaScript can match', () => {
    const patterns = Object.values(ssmConstraints.shapes).flatMap(({ pattern }) => pattern ?? []);
    expect(patterns.length).toBeGreaterThan(50);
    for (const pattern of patterns) expect(() => compileJavaPattern(pattern)).not.toThrow();
  });

  it('say of every number in an input whether it is whole', () => {
    const vague: string[] = [];
    const seen = new Set<StructureShape>();
    const visit = (shape: Shape, path: string): void => {
      if (shape.kind === 'float') vague.push(path);
      const structure = structureIn(shape);
      if (structure === undefined || seen.has(structure)) return;
      seen.add(structure);
      for (const one of structure.members) visit(one.shape, `${structure.name}.${one.wireName}`);
    };
    for (const { input } of ssm.operations.values()) visit(input, input.name);
    expect(vague).toMatchInlineSnapshot(`
      [
        "ListCloudConnectorsRequest.MaxResults",
        "ValidateCloudConnectorRequest.MaxResults",
      ]
    `);
  });
});
