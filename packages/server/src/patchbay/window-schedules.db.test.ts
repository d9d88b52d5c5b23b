import { CreateMaintenanceWindowCommand, UpdateMaintenanceWindowCommand } from '@aws-sdk/client-ssm';
import { ListWindowSchedules } from '@patchbay/contracts';
import { describe, expect, it } from 'vitest';
import { callPatchbay } from '../test-support/test-people.ts';
import { withTestServer } from '../test-support/test-server.ts';

describe('schedules of maintenance windows', () => {
  const server = withTestServer();

  it('are told in words, with the next times on their own clock; none of a window that is disabled', async () => {
    const sunday = {
      Name: 'sunday',
      Schedule: 'cron(0 2 ? * SUN *)',
      ScheduleTimezone: 'Europe/Berlin',
      Duration: 3,
      Cutoff: 1,
      AllowUnassociatedTargets: false,
    };
    const { WindowId } = await server().ssm.send(new CreateMaintenanceWindowCommand(sunday));
    const list = () => callPatchbay(server(), ListWindowSchedules, { count: 2 });
    expect(await list()).toEqual({
      windows: [
        {
          windowId: WindowId,
          name: 'sunday',
          enabled: true,
          inWords: 'At 02:00 on Sundays, Europe/Berlin',
          next: ['2026-11-22T02:00+01:00', '2026-11-29T02:00+01:00'],
        },
      ],
    });
    await server().ssm.send(new UpdateMaintenanceWindowCommand({ WindowId, Enabled: false }));
    expect((await list()).windows).toMatchObject([{ enabled: false, next: [] }]);
  });
});
