import {
  CreateMaintenanceWindowCommand,
  type CreateMaintenanceWindowCommandInput,
  DeleteMaintenanceWindowCommand,
  DescribeMaintenanceWindowScheduleCommand,
  type DescribeMaintenanceWindowScheduleCommandInput,
  DescribeMaintenanceWindowsCommand,
  GetMaintenanceWindowCommand,
  UpdateMaintenanceWindowCommand,
  type UpdateMaintenanceWindowCommandInput,
} from '@aws-sdk/client-ssm';
import { afterEach, describe, expect, it } from 'vitest';
import { TEST_START, withTestServer } from '../../../test-support/test-server.ts';

/** A Friday: 2026-11-20T12:00Z. */
const sunday = {
  Name: 'sunday',
  Schedule: 'cron(0 2 ? * SUN *)',
  ScheduleTimezone: 'Europe/Berlin',
  Duration: 3,
  Cutoff: 1,
  AllowUnassociatedTargets: false,
} satisfies CreateMaintenanceWindowCommandInput;

describe('when a maintenance window opens', () => {
  const server = withTestServer();
  const made: string[] = [];

  // Schedules are asked for over all windows, so none is left for the next test.
  afterEach(async () => {
    for (const WindowId of made.splice(0)) await server().ssm.send(new DeleteMaintenanceWindowCommand({ WindowId }));
    server().setNow(TEST_START);
  });

  async function create(input: Partial<CreateMaintenanceWindowCommandInput> = {}): Promise<string> {
    const { WindowId = '' } = await server().ssm.send(new CreateMaintenanceWindowCommand({ ...sunday, ...input }));
    made.push(WindowId);
    return WindowId;
  }
  async function update(input: UpdateMaintenanceWindowCommandInput) {
    await server().ssm.send(new UpdateMaintenanceWindowCommand(input));
  }
  /** As Get answers it; Describe and what is stored say the same. */
  async function next(WindowId: string): Promise<string | undefined> {
    const { NextExecutionTime } = await server().ssm.send(new GetMaintenanceWindowCommand({ WindowId }));
    const { WindowIdentities } = await server().ssm.send(new DescribeMaintenanceWindowsCommand({}));
    const listed = WindowIdentities?.find((window) => window.WindowId === WindowId);
    expect(listed?.NextExecutionTime).toBe(NextExecutionTime);
    return NextExecutionTime;
  }
  async function stored(windowId: string) {
    return await server()
      .database.selectFrom('maintenanceWindows')
      .select(['nextStartAt', 'scheduleChangedAt'])
      .where('windowId', '=', windowId)
      .executeTakeFirst();
  }
  async function upcoming(input: DescribeMaintenanceWindowScheduleCommandInput) {
    return await server().ssm.send(new DescribeMaintenanceWindowScheduleCommand(input));
  }
  async function times(input: DescribeMaintenanceWindowScheduleCommandInput) {
    const { ScheduledWindowExecutions = [] } = await upcoming(input);
    return ScheduledWindowExecutions.map(({ ExecutionTime = '' }) => ExecutionTime);
  }

  it.each<[string, Partial<CreateMaintenanceWindowCommandInput>, string | undefined]>([
    ['a Sunday at two in Berlin', {}, '2026-11-22T02:00+01:00'],
    ['the same in seven fields', { Schedule: 'cron(0 0 2 ? * SUN *)' }, '2026-11-22T02:00+01:00'],
    ['the same in UTC', { ScheduleTimezone: undefined }, '2026-11-22T02:00Z'],
    ['two days after', { ScheduleOffset: 2 }, '2026-11-24T02:00+01:00'],
    ['a rate', { Schedule: 'rate(7 days)', ScheduleTimezone: undefined }, '2026-11-27T12:00Z'],
    [
      'a rate from a day to come',
      { Schedule: 'rate(7 days)', ScheduleTimezone: undefined, StartDate: '2026-12-01T08:00:00Z' },
      '2026-12-01T08:00Z',
    ],
    ['once', { Schedule: 'at(2027-01-01T04:00:00)' }, '2027-01-01T04:00+01:00'],
    ['once, and long ago', { Schedule: 'at(2020-01-01T04:00:00)' }, undefined],
    ['a Sunday after the first of December', { StartDate: '2026-12-01T00:00:00+01:00' }, '2026-12-06T02:00+01:00'],
    ['no Sunday before the end', { EndDate: '2026-11-21T00:00:00Z' }, undefined],
  ])('is known: %s', async (_title, input, expected) => {
    const WindowId = await create(input);
    expect(await next(WindowId)).toBe(expected);
    const row = await stored(WindowId);
    expect(row?.nextStartAt ?? undefined).toEqual(expected === undefined ? undefined : new Date(expected));
  });

  it.each<[string, Partial<CreateMaintenanceWindowCommandInput>, string]>([
    ['five fields', { Schedule: 'cron(0 2 ? * SUN)' }, 'cron'],
    ['a rate in the wrong number', { Schedule: 'rate(1 days)' }, 'rate'],
    ['no expression', { Schedule: 'every Sunday' }, 'every Sunday'],
    ['a place that is no zone', { ScheduleTimezone: 'Europe/Atlantis' }, 'Europe/Atlantis'],
    ['an offset to a rate', { Schedule: 'rate(7 days)', ScheduleOffset: 2 }, 'ScheduleOffset'],
    ['a date that is none', { StartDate: 'tomorrow' }, 'StartDate'],
    ['an end before the start', { StartDate: '2027-02-01T00:00:00Z', EndDate: '2027-01-01T00:00:00Z' }, 'EndDate'],
    ['an end that has passed', { EndDate: '2026-11-20T12:00:00Z' }, 'has passed'],
  ])('cannot be said with %s', async (_title, input, message) => {
    await expect(create(input)).rejects.toMatchObject({
      name: 'ValidationException',
      message: expect.stringContaining(message),
    });
    const WindowId = await create();
    await expect(update({ WindowId, ...input })).rejects.toMatchObject({ name: 'ValidationException' });
    expect(await next(WindowId)).toBe('2026-11-22T02:00+01:00');
    await update({ WindowId, Enabled: false });
    await expect(update({ WindowId, ...input })).rejects.toMatchObject({ name: 'ValidationException' });
  });

  it('is never while it is disabled, and from then on when it is enabled again', async () => {
    const WindowId = await create();
    await update({ WindowId, Enabled: false });
    expect(await next(WindowId)).toBeUndefined();
    expect((await stored(WindowId))?.nextStartAt).toBeNull();
    expect(await times({ WindowId })).toEqual([]);
    server().advance({ hours: 48 });
    await update({ WindowId, Enabled: true });
    expect(await next(WindowId)).toBe('2026-11-29T02:00+01:00');
    expect((await stored(WindowId))?.nextStartAt).toEqual(new Date('2026-11-29T01:00:00Z'));
  });

  it('is what it was after a change of anything else, also where the time has come and nobody has begun', async () => {
    const WindowId = await create();
    const before = await stored(WindowId);
    server().advance({ hours: 48 });
    await update({ WindowId, Duration: 4, Description: 'longer', Schedule: sunday.Schedule });
    expect(await stored(WindowId)).toEqual(before);
    expect(await next(WindowId)).toBe('2026-11-29T02:00+01:00');
  });

  it('is counted anew from a change of the schedule', async () => {
    const WindowId = await create({ Schedule: 'rate(2 hours)', ScheduleTimezone: 'UTC' });
    server().advance({ minutes: 30 });
    expect(await next(WindowId)).toBe('2026-11-20T14:00Z');
    await update({ WindowId, Schedule: 'rate(3 hours)' });
    expect(await next(WindowId)).toBe('2026-11-20T15:30Z');
    expect(await stored(WindowId)).toEqual({
      scheduleChangedAt: server().now(),
      nextStartAt: new Date('2026-11-20T15:30:00Z'),
    });
  });

  it('can be changed after its end', async () => {
    const WindowId = await create({ EndDate: '2026-11-23T00:00:00Z' });
    server().advance({ hours: 96 });
    await update({ WindowId, Schedule: 'cron(0 3 ? * SUN *)' });
    expect(await next(WindowId)).toBeUndefined();
    await expect(update({ WindowId, EndDate: '2026-11-23T00:00:01Z' })).rejects.toMatchObject({
      name: 'ValidationException',
    });
  });

  it('is listed for a year, over both changes of the clocks', async () => {
    const WindowId = await create();
    const { ScheduledWindowExecutions = [], NextToken } = await upcoming({ WindowId });
    expect(NextToken).toBeUndefined();
    expect(ScheduledWindowExecutions[0]).toEqual({
      WindowId,
      Name: 'sunday',
      ExecutionTime: '2026-11-22T02:00+01:00',
    });
    const found = ScheduledWindowExecutions.map(({ ExecutionTime }) => ExecutionTime);
    expect(found).toHaveLength(53);
    // The hour from two to three does not exist on the 28th of March, and is there twice on the 31st of October.
    expect(found.slice(17, 20)).toEqual(['2027-03-21T02:00+01:00', '2027-03-28T03:00+02:00', '2027-04-04T02:00+02:00']);
    expect(found.slice(48, 51)).toEqual(['2027-10-24T02:00+02:00', '2027-10-31T02:00+02:00', '2027-11-07T02:00+01:00']);
    expect(await times({ WindowId: await create({ Schedule: 'cron(0 0 2 ? * SUN *)' }) })).toEqual(found);
  });

  it('is listed between two times, neither of them counted', async () => {
    const WindowId = await create({ Schedule: 'rate(1 hour)', ScheduleTimezone: undefined });
    const between = (after: string | undefined, before: string) =>
      times({
        WindowId,
        Filters: [
          ...(after === undefined ? [] : [{ Key: 'ScheduledAfter', Values: [after] }]),
          { Key: 'ScheduledBefore', Values: [before] },
        ],
      });
    expect(await between('2026-11-21T00:00:00Z', '2026-11-21T03:00:00Z')).toEqual([
      '2026-11-21T01:00Z',
      '2026-11-21T02:00Z',
    ]);
    expect(await between('2026-11-21T01:00+01:00', '2026-11-21T02:00')).toEqual(['2026-11-21T01:00Z']);
    expect(await between('2020-01-01', '2026-11-20T14:30:00Z')).toEqual(['2026-11-20T13:00Z', '2026-11-20T14:00Z']);
    expect(await between(undefined, '2020-01-01')).toEqual([]);
    expect(await between('2027-11-01', '2027-01-01')).toEqual([]);
  });

  it.each([
    [[{ Key: 'ScheduledAfter', Values: ['tomorrow'] }]],
    [[{ Key: 'ScheduledBefore', Values: ['2027-13-01'] }]],
    [[{ Key: 'ScheduledBefore', Values: ['2027-01-01', '2028-01-01'] }]],
    [[{ Key: 'ScheduledBefore', Values: [] }]],
    [[{ Key: 'Name', Values: ['sunday'] }]],
  ])('is not listed by %j', async (Filters) => {
    await expect(upcoming({ Filters })).rejects.toMatchObject({ name: 'ValidationException' });
  });

  it('is listed over all windows by time, page by page, nothing twice and nothing left out', async () => {
    const nightly = { Schedule: 'cron(0 2 * * ? *)', ScheduleTimezone: 'UTC' };
    for (const input of [nightly, nightly, nightly, { ...sunday, Name: 'weekly' }]) await create(input);
    const disabled = await create(nightly);
    await update({ WindowId: disabled, Enabled: false });
    const Filters = [{ Key: 'ScheduledBefore', Values: ['2026-11-25T00:00:00Z'] }];
    const whole = await upcoming({ Filters });
    // Four nights of three windows, and one Sunday.
    expect(whole.ScheduledWindowExecutions).toHaveLength(13);
    const found = whole.ScheduledWindowExecutions?.map(({ ExecutionTime = '' }) => new Date(ExecutionTime).getTime());
    expect(found).toEqual(found?.toSorted((one, other) => one - other));
    for (const MaxResults of [1, 2, 5]) {
      const pages = [];
      let NextToken: string | undefined;
      do {
        const page = await upcoming({ Filters, MaxResults, NextToken });
        pages.push(...(page.ScheduledWindowExecutions ?? []));
        ({ NextToken } = page);
      } while (NextToken !== undefined);
      expect(pages).toEqual(whole.ScheduledWindowExecutions);
    }
    await expect(upcoming({ MaxResults: 0 })).rejects.toMatchObject({ name: 'ValidationException' });
  });

  it('is of no window that does not exist', async () => {
    await expect(upcoming({ WindowId: 'mw-00000000000000000' })).rejects.toMatchObject({
      name: 'DoesNotExistException',
    });
    expect((await upcoming({})).ScheduledWindowExecutions).toEqual([]);
  });
});
