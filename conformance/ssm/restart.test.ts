import { readFile, stat } from 'node:fs/promises';
import {
  CreatePatchBaselineCommand,
  DescribeInstanceInformationCommand,
  GetPatchBaselineCommand,
  SendCommandCommand,
} from '@aws-sdk/client-ssm';
import { GetSigningKey } from '@patchbay/contracts';
import { administratorFile } from '@patchbay/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSuccess } from '../../packages/server/src/test-support/send-request.ts';
import { enrolNode } from '../../packages/server/src/test-support/test-node.ts';
import { createDataFolder, startRealServer } from './real-server.ts';

describe('a control plane that is stopped and started again', () => {
  let folder: Awaited<ReturnType<typeof createDataFolder>>;
  beforeAll(async () => {
    folder = await createDataFolder();
  });
  afterAll(() => folder.remove());

  it('ends waiting polls at once, and is the same installation afterwards', async () => {
    const before = await startRealServer(folder.data);
    const node = await enrolNode(before);
    const signingKey = await node.patchbay(GetSigningKey, {});
    const { BaselineId } = await before.ssm.send(
      new CreatePatchBaselineCommand({ Name: 'survives', OperatingSystem: 'DEBIAN' }),
    );
    const poll = node.getMessages();
    // The poll has reached the server once a later call of the same node has been answered.
    await node.ping();
    const stoppedAt = performance.now();
    await before.stop();
    expect(performance.now() - stoppedAt).toBeLessThan(10_000);
    expect(await poll).toEqual([]);
    await expect(fetch(before.url)).rejects.toThrow('fetch failed');

    const after = await startRealServer(folder.data);
    try {
      expect({ ...after.access, endpoint: '' }).toEqual({ ...before.access, endpoint: '' });
      expect((await stat(administratorFile(folder.data))).mode & 0o777).toBe(0o600);
      expect(JSON.parse(await readFile(administratorFile(folder.data), 'utf8'))).toMatchObject({ endpoint: after.url });
      expect(await after.ssm.send(new GetPatchBaselineCommand({ BaselineId }))).toMatchObject({ Name: 'survives' });
      const { InstanceInformationList } = await after.ssm.send(new DescribeInstanceInformationCommand({}));
      expect(InstanceInformationList).toMatchObject([{ InstanceId: node.instanceId, PingStatus: 'Online' }]);
      // The credentials that the node has go on working: any replica with the key file can read them.
      const key = await after.call(
        'Patchbay.GetSigningKey',
        {},
        { service: 'patchbay', credentials: node.credentials },
      );
      expect(readSuccess(key)).toEqual(signingKey);
      const { Command } = await after.ssm.send(
        new SendCommandCommand({
          DocumentName: 'AWS-RunShellScript',
          InstanceIds: [node.instanceId],
          Parameters: { commands: ['true'] },
        }),
      );
      expect(Command?.Status).toBe('Pending');
    } finally {
      await after.stop();
    }
  });
});
