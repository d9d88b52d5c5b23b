import type { WindowProblem } from './window-problem.ts';

/** A maintenance window as its owner defines it; null is what was not given. */
export interface WindowDefinition {
  readonly name: string;
  readonly description: string | null;
  readonly startDate: string | null;
  readonly endDate: string | null;
  readonly schedule: string;
  readonly scheduleTimezone: string | null;
  readonly scheduleOffset: number | null;
  readonly duration: number;
  readonly cutoff: number;
  readonly allowUnassociatedTargets: boolean;
  readonly enabled: boolean;
}

/** Whatever UpdateMaintenanceWindow names; undefined is left out. */
export type WindowChange = { readonly [Member in keyof WindowDefinition]?: WindowDefinition[Member] | undefined };

/** Required by CreateMaintenanceWindow, and by an update that replaces. */
const required = [
  ['name', 'Name'],
  ['schedule', 'Schedule'],
  ['duration', 'Duration'],
  ['cutoff', 'Cutoff'],
  ['allowUnassociatedTargets', 'AllowUnassociatedTargets'],
] as const;

/** The members that an update with Replace has to give and does not. */
export function checkReplacement(change: WindowChange): WindowProblem[] {
  return required.flatMap(([member, path]) =>
    change[member] === undefined
      ? [{ path, message: `${path} is required when Replace is true, as CreateMaintenanceWindow requires it.` }]
      : [],
  );
}

/**
 * A window after UpdateMaintenanceWindow. What the change leaves out stays; with `replace` it becomes null, but whether
 * the window is enabled stays as it is: a window that somebody has stopped does not start by being described anew.
 */
export function updateWindow(current: WindowDefinition, change: WindowChange, replace: boolean): WindowDefinition {
  const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined)) as WindowChange;
  const cleared = { description: null, startDate: null, endDate: null, scheduleTimezone: null, scheduleOffset: null };
  return { ...current, ...(replace ? cleared : {}), ...given } as WindowDefinition;
}

/** What AWS checks of the hours of a window. */
export function checkHours({ duration, cutoff }: Pick<WindowDefinition, 'duration' | 'cutoff'>): WindowProblem[] {
  if (cutoff < duration) return [];
  return [
    { path: 'Cutoff', message: `Cutoff must be less than Duration: ${cutoff} hours are not less than ${duration}.` },
  ];
}
