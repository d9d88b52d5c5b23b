import { ListWindowSchedules, type WindowSchedule } from '@patchbay/contracts';
import { describeSchedule, formatExecutionTime, nextOccurrences, scheduleOf } from '@patchbay/patching';
import { listWindows, type MaintenanceWindow } from '../aws/ssm/maintenance-windows/repository.ts';
import { fulfil } from '../operations/registry.ts';

function describeWindow(window: MaintenanceWindow, count: number, now: Date): WindowSchedule {
  const schedule = scheduleOf(window);
  const next = window.enabled ? nextOccurrences(schedule, { after: now, count }) : [];
  return {
    windowId: window.windowId,
    name: window.name,
    enabled: window.enabled,
    inWords: describeSchedule(schedule),
    next: next.map((start) => formatExecutionTime(schedule, start)),
  };
}

/** What people ask about maintenance windows beyond AWS's operations. */
export const windowScheduleContracts = [
  fulfil(ListWindowSchedules, {
    handle: async ({ count }, { db, accountId, region, now }) => {
      const windows = await listWindows(db, { accountId, region });
      return { windows: windows.map((window) => describeWindow(window, count, now)) };
    },
  }),
];
