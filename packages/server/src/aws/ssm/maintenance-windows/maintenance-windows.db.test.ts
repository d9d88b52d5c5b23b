import {
  AddTagsToResourceCommand,
  CreateMaintenanceWindowCommand,
  type CreateMaintenanceWindowCommandInput,
  DeleteMaintenanceWindowCommand,
  DescribeMaintenanceWindowsCommand,
  type DescribeMaintenanceWindowsCommandInput,
  DescribeMaintenanceWindowTargetsCommand,
  GetMaintenanceWindowCommand,
  ListTagsForResourceCommand,
  RegisterTargetWithMaintenanceWindowCommand,
  UpdateMaintenanceWindowCommand,
  type UpdateMaintenanceWindowCommandInput,
} from '@aws-sdk/client-ssm';
import { describe, expect, it } from 'vitest';
import { defaultQuotas } from '../../../quotas.ts';
import { OTHER_REGION, TEST_START, withTestServer } from '../../../test-support/test-server.ts';

const sunday = {
  Name: 'sunday',
  Description: 'Every Sunday at two',
  Schedule: 'cron(0 2 ? * SUN *)',
  ScheduleTimezone: 'Europe/Berlin',
  Duration: 3,
  Cutoff: 1,
  AllowUnassociatedTargets: false,
} satisfies CreateMaintenanceWindowCommandInput;

/** An id that no window has. */
const noWindow = 'mw-00000000000000000';

describe('maintenance windows', () => {
  const server = withTestServer();

  async function create(input: Partial<CreateMaintenanceWindowCommandInput> = {}): Promise<string> {
    const { WindowId = '' } = await server().ssm.send(new CreateMaintenanceWindowCommand({ ...sunday, ...input }));
    return WindowId;
  }
  async function read(WindowId: string) {
    const { $metadata: _metadata, ...window } = await server().ssm.send(new GetMaintenanceWindowCommand({ WindowId }));
    return window;
  }
  async function update(input: UpdateMaintenanceWindowCommandInput) {
    const { $metadata: _metadata, ...window } = await server().ssm.send(new UpdateMaintenanceWindowCommand(input));
    return window;
  }
  async function list(input: DescribeMaintenanceWindowsCommandInput = {}) {
    const { WindowIdentities = [] } = await server().ssm.send(new DescribeMaintenanceWindowsCommand(input));
    return WindowIdentities;
  }

  it('are created, read and deleted, more than once as well', async () => {
    const WindowId = await create();
    expect(WindowId).toMatch(/^mw-[0-9a-f]{17}$/);
    expect(await read(WindowId)).toEqual({
      ...sunday,
      WindowId,
      Enabled: true,
      NextExecutionTime: '2026-11-22T02:00+01:00',
      CreatedDate: TEST_START,
      ModifiedDate: TEST_START,
    });
    for (let times = 0; times < 2; times += 1) {
      expect(await server().ssm.send(new DeleteMaintenanceWindowCommand({ WindowId }))).toMatchObject({ WindowId });
    }
    await expect(read(WindowId)).rejects.toMatchObject({
      name: 'DoesNotExistException',
      message: `Maintenance window ${WindowId} does not exist`,
    });
  });

  it('are made once for a token', async () => {
    const ClientToken = 'one-window';
    const first = await create({ ClientToken });
    expect(await create({ ClientToken })).toBe(first);
    await expect(create({ ClientToken, Duration: 4 })).rejects.toMatchObject({ name: 'IdempotentParameterMismatch' });
    expect(await create({ ClientToken: 'another' })).not.toBe(first);
  });

  it.each<[string, Partial<CreateMaintenanceWindowCommandInput>, string]>([
    ['a name with a space', { Name: 'two words' }, "at 'name'"],
    ['a name of two letters', { Name: 'ab' }, "at 'name'"],
    ['no hours', { Duration: 0 }, "at 'duration'"],
    ['more than a day', { Duration: 25 }, "at 'duration'"],
    ['a cutoff as long as the window', { Duration: 3, Cutoff: 3 }, 'Cutoff must be less than Duration'],
    ['a cutoff of a day', { Duration: 24, Cutoff: 24 }, "at 'cutoff'"],
    ['an offset of a week', { ScheduleOffset: 7 }, "at 'scheduleOffset'"],
    ['a tag that AWS keeps', { Tags: [{ Key: 'aws:x', Value: '' }] }, 'reserved'],
  ])('are not made with %s', async (_title, input, message) => {
    const before = (await list({ MaxResults: 100 })).length;
    await expect(create(input)).rejects.toMatchObject({
      name: 'ValidationException',
      message: expect.stringContaining(message),
    });
    expect(await list({ MaxResults: 100 })).toHaveLength(before);
  });

  it('carry tags, from the beginning and later, until they are deleted', async () => {
    const WindowId = await create({ Tags: [{ Key: 'Stage', Value: 'test' }] });
    const resource = { ResourceType: 'MaintenanceWindow', ResourceId: WindowId } as const;
    await server().ssm.send(new AddTagsToResourceCommand({ ...resource, Tags: [{ Key: 'Owner', Value: 'ops' }] }));
    expect((await server().ssm.send(new ListTagsForResourceCommand(resource))).TagList).toEqual([
      { Key: 'Owner', Value: 'ops' },
      { Key: 'Stage', Value: 'test' },
    ]);
    await server().ssm.send(new DeleteMaintenanceWindowCommand({ WindowId }));
    const left = await server()
      .database.selectFrom('resourceTags')
      .select('key')
      .where('resourceId', '=', WindowId)
      .execute();
    expect(left).toEqual([]);
  });

  it('take their targets with them', async () => {
    const WindowId = await create();
    await server().ssm.send(
      new RegisterTargetWithMaintenanceWindowCommand({
        WindowId,
        ResourceType: 'INSTANCE',
        Targets: [{ Key: 'tag:PatchGroup', Values: ['Web'] }],
      }),
    );
    await server().ssm.send(new DeleteMaintenanceWindowCommand({ WindowId }));
    await expect(server().ssm.send(new DescribeMaintenanceWindowTargetsCommand({ WindowId }))).rejects.toMatchObject({
      name: 'DoesNotExistException',
    });
    const left = await server()
      .database.selectFrom('maintenanceWindowTargets')
      .select('windowTargetId')
      .where('windowId', '=', WindowId)
      .execute();
    expect(left).toEqual([]);
  });

  it('belong to one region', async () => {
    const WindowId = await create();
    const elsewhere = server().createClient(server().administrator, OTHER_REGION);
    await expect(elsewhere.send(new GetMaintenanceWindowCommand({ WindowId }))).rejects.toMatchObject({
      name: 'DoesNotExistException',
    });
    await elsewhere.send(new DeleteMaintenanceWindowCommand({ WindowId }));
    expect(await read(WindowId)).toMatchObject({ WindowId });
  });

  it('keep what a change does not name', async () => {
    const WindowId = await create({ StartDate: '2026-12-01T00:00:00Z' });
    server().advance({ hours: 1 });
    const changed = await update({ WindowId, Description: 'Later', Duration: 5, Enabled: false });
    expect(changed).toEqual({
      ...sunday,
      WindowId,
      StartDate: '2026-12-01T00:00:00Z',
      Description: 'Later',
      Duration: 5,
      Enabled: false,
    });
    expect(await read(WindowId)).toEqual({ ...changed, CreatedDate: TEST_START, ModifiedDate: server().now() });
    server().setNow(TEST_START);
  });

  it('lose with Replace what it does not name, but stay disabled', async () => {
    const WindowId = await create({ ScheduleOffset: 2 });
    await update({ WindowId, Enabled: false });
    await expect(update({ WindowId, Replace: true, Name: 'replaced' })).rejects.toMatchObject({
      name: 'ValidationException',
      message: expect.stringContaining('Schedule is required when Replace is true'),
    });
    const replaced = await update({
      WindowId,
      Replace: true,
      Name: 'replaced',
      Schedule: 'rate(1 day)',
      Duration: 2,
      Cutoff: 0,
      AllowUnassociatedTargets: true,
    });
    expect(replaced).toEqual({
      WindowId,
      Name: 'replaced',
      Schedule: 'rate(1 day)',
      Duration: 2,
      Cutoff: 0,
      AllowUnassociatedTargets: true,
      Enabled: false,
    });
  });

  it('are changed only to what could have been created, and only where they are', async () => {
    const WindowId = await create();
    await expect(update({ WindowId, Cutoff: 3 })).rejects.toMatchObject({ name: 'ValidationException' });
    await expect(update({ WindowId, Duration: 1 })).rejects.toMatchObject({ name: 'ValidationException' });
    await expect(update({ WindowId: noWindow, Duration: 1 })).rejects.toMatchObject({ name: 'DoesNotExistException' });
    expect(await read(WindowId)).toMatchObject(sunday);
  });
});

describe('the list of maintenance windows', () => {
  const server = withTestServer();

  async function list(input: DescribeMaintenanceWindowsCommandInput = {}) {
    return await server().ssm.send(new DescribeMaintenanceWindowsCommand(input));
  }
  async function names(Filters: DescribeMaintenanceWindowsCommandInput['Filters']) {
    const { WindowIdentities = [] } = await list({ Filters });
    return WindowIdentities.map(({ Name = '' }) => Name).toSorted((one, other) => one.localeCompare(other));
  }

  it('is empty at first, then pages through all, showing neither dates nor who may be a target', async () => {
    expect((await list()).WindowIdentities).toEqual([]);
    for (let number = 0; number < 12; number += 1) {
      const { WindowId } = await server().ssm.send(
        new CreateMaintenanceWindowCommand({ ...sunday, Name: `window-${number % 6}` }),
      );
      if (number < 4) await server().ssm.send(new UpdateMaintenanceWindowCommand({ WindowId, Enabled: false }));
    }
    const first = await list({ MaxResults: 10 });
    expect(first.WindowIdentities).toHaveLength(10);
    const second = await list({ MaxResults: 10, NextToken: first.NextToken });
    expect(second.WindowIdentities).toHaveLength(2);
    expect(second.NextToken).toBeUndefined();
    const found = [...(first.WindowIdentities ?? []), ...(second.WindowIdentities ?? [])];
    expect(new Set(found.map(({ WindowId }) => WindowId)).size).toBe(12);
    const enabled = found.find((window) => window.Enabled);
    const { AllowUnassociatedTargets: _unassociated, ...shown } = sunday;
    expect(enabled).toMatchObject({ ...shown, Name: expect.stringMatching(/^window-/) });
    expect(Object.keys(enabled ?? {})).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/Date$|AllowUnassociatedTargets/)]),
    );
  });

  it('is filtered by names and by whether they are enabled', async () => {
    expect(await names([{ Key: 'Name', Values: ['window-1', 'window-5'] }])).toEqual([
      'window-1',
      'window-1',
      'window-5',
      'window-5',
    ]);
    expect(await names([{ Key: 'Name', Values: ['window'] }])).toEqual([]);
    expect(
      await names([
        { Key: 'Enabled', Values: ['False'] },
        { Key: 'Name', Values: ['window-1', 'window-5'] },
      ]),
    ).toEqual(['window-1']);
    expect(await names([{ Key: 'Enabled', Values: ['true', 'false'] }])).toHaveLength(12);
  });

  it.each<[string, DescribeMaintenanceWindowsCommandInput]>([
    ['an unknown key', { Filters: [{ Key: 'Colour', Values: ['red'] }] }],
    ['no values', { Filters: [{ Key: 'Name', Values: [] }] }],
    ['neither true nor false', { Filters: [{ Key: 'Enabled', Values: ['perhaps'] }] }],
    ['six filters', { Filters: Array.from({ length: 6 }, () => ({ Key: 'Name', Values: ['a'] })) }],
    ['nine results', { MaxResults: 9 }],
    ['a hundred and one results', { MaxResults: 101 }],
  ])('is not asked for with %s', async (_title, input) => {
    await expect(list(input)).rejects.toMatchObject({ name: 'ValidationException' });
  });

  it('does not go on with the token of another list', async () => {
    const { NextToken } = await list({ MaxResults: 10 });
    await expect(list({ NextToken, Filters: [{ Key: 'Name', Values: ['window-1'] }] })).rejects.toMatchObject({
      name: 'InvalidNextToken',
    });
  });
});

describe('the quota of maintenance windows', () => {
  const server = withTestServer({ quotas: { ...defaultQuotas, 'maintenance-windows': 3 } });

  it('holds however many are made at the same moment, each region by itself', async () => {
    const made = await Promise.allSettled(
      Array.from({ length: 6 }, () => server().ssm.send(new CreateMaintenanceWindowCommand(sunday))),
    );
    const refused = made.filter((each) => each.status === 'rejected').map((each): unknown => each.reason);
    expect(refused).toHaveLength(3);
    expect(refused[0]).toMatchObject({
      name: 'ResourceLimitExceededException',
      message: expect.stringContaining('at most 3'),
    });
    const elsewhere = server().createClient(server().administrator, OTHER_REGION);
    await elsewhere.send(new CreateMaintenanceWindowCommand(sunday));
  });
});
