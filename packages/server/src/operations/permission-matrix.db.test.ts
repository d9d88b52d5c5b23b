import { randomUUID } from 'node:crypto';
import { CreateInfrastructureConfigurationCommand } from '@aws-sdk/client-imagebuilder';
import { SendCommandCommand } from '@aws-sdk/client-ssm';
import type { Credentials } from '@patchbay/aws-wire';
import { BeginPatchOperation } from '@patchbay/contracts';
import { beforeAll, describe, expect, it } from 'vitest';
import { services } from '../app.ts';
import { insertAccessKey, insertUser } from '../identity/repository.ts';
import { insertPlan } from '../patchbay/plans/repository.ts';
import { pathCallOf, sendPathCall } from '../test-support/path-call.ts';
import { sampleFacts } from '../test-support/sample-facts.ts';
import { jsonHeadersFor, type RawAnswer, readError, sendRaw } from '../test-support/send-request.ts';
import { enrolNode, type TestNode } from '../test-support/test-node.ts';
import { createPerson } from '../test-support/test-people.ts';
import { TEST_REGION, withTestServer } from '../test-support/test-server.ts';
import {
  type About,
  type Caller,
  callers,
  type Row,
  matrix as rowsForNodes,
} from './permission-matrix.test-support.ts';
import { matrixForImagePipelines, provideImagePipelines } from './permission-matrix-image-pipelines.test-support.ts';
import { defineImage, matrixForImages } from './permission-matrix-images.test-support.ts';
import { permissionRules } from './permissions.ts';
import type { RegisteredOperation } from './registry.ts';

/** How a caller is turned away, whoever it is; anything else means that it got through. */
const denials = new Set([
  'AccessDeniedException',
  'IncompleteSignatureException',
  'InvalidSignatureException',
  'MissingAuthenticationTokenException',
  'UnrecognizedClientException',
]);

const matrix: readonly Row[] = [...rowsForNodes, ...matrixForImages, ...matrixForImagePipelines];

const served = new Map<string, RegisteredOperation>(
  services.flatMap(({ targetPrefix, operations }) =>
    [...operations.values()]
      .filter(({ support }) => support === 'supported')
      .map((operation) => [`${targetPrefix}.${operation.name}`, operation] as const),
  ),
);

describe('every operation for every kind of caller', () => {
  const server = withTestServer();
  let web: TestNode;
  let people: Record<'A' | 'O' | 'R' | 'W' | 'D' | '0', Credentials>;
  let aboutWeb: About;
  let aboutDatabase: About;

  async function createPersonWithoutRole(): Promise<Credentials> {
    const { accessKeyId, secretAccessKey, sealedSecret } = server().dependencies.accessKeys.issue();
    const person = { userName: 'nobody', createdAt: server().now() };
    await insertUser(server().database, { ...person, deletedAt: null });
    const { accountId } = server();
    const key = { ...person, accountId, accessKeyId, sealedSecret, lastUsedAt: null, revokedAt: null };
    await insertAccessKey(server().database, key);
    return { accessKeyId, secretAccessKey };
  }

  /** Gives a node a command, an operation and a plan, and its patch group a configuration of images. */
  async function fill(node: TestNode, patchGroup: string): Promise<About> {
    const { instanceId } = node;
    const { Command } = await server().ssm.send(
      new SendCommandCommand({
        DocumentName: 'AWS-RunPatchBaseline',
        InstanceIds: [instanceId],
        Parameters: { Operation: ['Scan'] },
      }),
    );
    const { operationId } = await node.patchbay(BeginPatchOperation, {
      factsId: await node.submitFacts(sampleFacts()),
      operation: 'Scan',
      commandId: null,
      rebootOption: 'NoReboot',
      snapshotId: '',
    });
    const plan = { planId: randomUUID(), operationId, instanceId, digest: 'sha256:0', content: '{}' };
    const scope = { accountId: server().accountId, region: TEST_REGION };
    await insertPlan(server().database, { ...scope, ...plan, createdAt: server().now() });
    const { infrastructureConfigurationArn: configurationArn = '' } = await server()
      .createImageBuilderClient()
      .send(
        new CreateInfrastructureConfigurationCommand({
          name: `of ${instanceId}`,
          instanceProfileName: 'builders',
          tags: { PatchGroup: patchGroup },
        }),
      );
    const commandId = Command?.CommandId ?? '';
    const definitions = await defineImage(server().createImageBuilderClient(), instanceId, { PatchGroup: patchGroup });
    await provideImagePipelines(server().createImageBuilderClient(), `of ${instanceId}`, { PatchGroup: patchGroup });
    return { instanceId, commandId, operationId, planId: plan.planId, configurationArn, ...definitions };
  }

  beforeAll(async () => {
    web = await enrolNode(server(), { tags: { PatchGroup: 'web' } });
    const database = await enrolNode(server(), { tags: { PatchGroup: 'db' } });
    [aboutWeb, aboutDatabase] = [await fill(web, 'web'), await fill(database, 'db')];
    const limited = await createPerson(server(), 'limited', 'operator', [{ key: 'PatchGroup', values: ['web'] }]);
    people = {
      A: server().administrator,
      O: await createPerson(server(), 'operator', 'operator'),
      R: await createPerson(server(), 'auditor', 'auditor'),
      W: limited,
      D: limited,
      0: await createPersonWithoutRole(),
    };
  });

  async function send(target: string, caller: Caller, input: object): Promise<RawAnswer> {
    const operation = served.get(target);
    if (operation === undefined) throw new Error(`no operation ${target}`);
    const path = operation.http && pathCallOf(operation, input);
    if (caller === 'X') {
      return await sendRaw(server().url, path ?? { headers: jsonHeadersFor(target), body: JSON.stringify(input) });
    }
    const credentials = caller === 'N' || caller === 'M' ? web.credentials : people[caller];
    if (path === undefined) return await server().call(target, input, { service: operation.service, credentials });
    const { service } = operation;
    return await sendPathCall(server().url, {
      ...path,
      service,
      region: TEST_REGION,
      credentials,
      now: server().now(),
    });
  }

  it('is in the matrix, and the matrix and the table of permissions know the same operations', () => {
    const rows = new Set(matrix.map(({ target }) => target));
    expect([...served.keys()].filter((target) => !rows.has(target))).toEqual([]);
    const names = new Set(matrix.map(({ target }) => target.slice(target.indexOf('.') + 1)));
    const undecided = [...permissionRules.keys()].map((permission) => permission.slice(permission.indexOf(':') + 1));
    // These are no operations: SendCommand and reading ask for them.
    for (const permission of ['ReadSecrets', 'RunScripts', 'OverrideBaselines', 'DecryptParameters'])
      names.add(permission);
    expect(new Set(undecided)).toEqual(names);
  });

  it.each(matrix.filter(({ target }) => served.has(target)))('$target, $when', async ({ target, allowed, input }) => {
    let through = '';
    for (const caller of callers) {
      const answer = await send(target, caller, input(caller === 'D' || caller === 'M' ? aboutDatabase : aboutWeb));
      const code = answer.statusCode === 200 ? '' : readError(answer).code;
      if (!denials.has(code)) {
        through += caller;
        // A call that could not be read would have proved nothing.
        expect(['SerializationException', 'InternalServerError', 'UnknownOperationException']).not.toContain(code);
        expect(readError(answer).message).not.toMatch(/validation errors? detected/);
      }
    }
    expect(through).toBe(allowed);
  });
});

describe('a call that its caller may never make', () => {
  const server = withTestServer();

  it('is denied whatever is in it, before its input has any effect', async () => {
    const credentials = await createPerson(server(), 'auditor', 'auditor');
    for (const input of [
      '{"Name":',
      { Name: 'x' },
      { Name: 'no-such-group', ApprovalRules: 7 },
      { Name: 'a\u0000b' },
    ]) {
      const answer = await server().call('AmazonSSM.CreatePatchBaseline', input, { credentials });
      expect(readError(answer).code).toBe('AccessDeniedException');
    }
    const events = await server().auditEvents('ssm:CreatePatchBaseline');
    expect(events.map(({ result }) => result)).toEqual(Array.from({ length: 4 }, () => 'AccessDeniedException'));
  });
});
