import { describe, expect, it } from 'vitest';
import { choosesNode, namesTheSame, readTaskTargets, readWindowTargets, type WindowTarget } from './window-targets.ts';

const node = 'mi-0123456789abcdef0';

function target(key: string, ...values: string[]): WindowTarget {
  return { key, values };
}
function paths(reading: ReturnType<typeof readWindowTargets>): string[] | undefined {
  return reading.ok ? undefined : reading.problems.map(({ path }) => path);
}

describe('the targets of a window', () => {
  it.each([
    [[target('InstanceIds', node, 'i-01234567')]],
    [[target('tag:PatchGroup', 'web', ''), target('tag-key', 'Stage')]],
    [[target('tag:a b:c', 'd')]],
  ])('can be %j', (targets) => {
    expect(readWindowTargets(targets)).toEqual({ ok: true, targets });
  });

  it('name nodes under one key, however that is written', () => {
    expect(readWindowTargets([target('instanceids', node)])).toEqual({
      ok: true,
      targets: [target('InstanceIds', node)],
    });
  });

  it.each<[string[], readonly WindowTarget[]]>([
    [['Targets'], []],
    [['Targets[0].Values'], [target('tag:a')]],
    [['Targets[1].Values[1]'], [target('tag:a', 'b'), target('InstanceIds', node, '*')]],
    [['Targets[0].Values[0]'], [target('InstanceIds', 'mi-0123')]],
    [['Targets[0].Key'], [target('tag:', 'a')]],
    [['Targets[0].Key'], [target('Tag:a', 'a')]],
    [['Targets[0].Key'], [target('WindowTargetIds', 'a')]],
    [
      ['Targets[0].Key', 'Targets[1].Key'],
      [target('resource-groups:Name', 'a'), target('Name', 'a')],
    ],
  ])('have problems at %j in %j', (expected, targets) => {
    expect(paths(readWindowTargets(targets))).toEqual(expected);
  });

  it('say of resource groups what to use instead', () => {
    const reading = readWindowTargets([target('resource-groups:Name', 'web')]);
    expect(reading).toMatchObject({ ok: false, problems: [{ message: expect.stringContaining('tag:KEY') }] });
  });
});

describe('the targets of a task', () => {
  const open = { allowUnassociatedTargets: true };
  const closed = { allowUnassociatedTargets: false };

  it.each([
    [[], closed],
    [[target('WindowTargetIds', 'a', 'b'), target('WindowTargetIds', 'c')], closed],
    [[target('InstanceIds', node)], open],
  ])('can be %j where %j', (targets, window) => {
    expect(readTaskTargets(targets, window)).toEqual({ ok: true, targets });
  });

  it.each<[string[], readonly WindowTarget[], { allowUnassociatedTargets: boolean }]>([
    [['Targets[0].Key'], [target('InstanceIds', node)], closed],
    [['Targets[0].Values[0]'], [target('InstanceIds', 'web-1')], open],
    [['Targets[0].Values'], [target('WindowTargetIds')], open],
    [['Targets[0].Key'], [target('tag:a', 'b')], open],
    [['Targets'], [target('windowtargetids', 'a'), target('InstanceIds', node)], open],
  ])('have problems at %j in %j where %j', (expected, targets, window) => {
    expect(paths(readTaskTargets(targets, window))).toEqual(expected);
  });
});

describe('a node', () => {
  const web = {
    instanceId: node,
    tags: new Map([
      ['PatchGroup', 'web'],
      ['Stage', ''],
    ]),
  };

  it.each<[boolean, readonly WindowTarget[]]>([
    [true, [target('InstanceIds', 'mi-other', node)]],
    [false, [target('InstanceIds', 'mi-other')]],
    [true, [target('tag:PatchGroup', 'db', 'web')]],
    [true, [target('tag:Stage', '')]],
    [false, [target('tag:PatchGroup', 'Web')]],
    [false, [target('tag:constructor', '')]],
    [true, [target('tag-key', 'Owner', 'Stage')]],
    [false, [target('tag-key', 'stage')]],
    [false, [target('tag:PatchGroup', 'web'), target('tag-key', 'Owner')]],
    [false, [target('tag:PatchGroup', 'web'), target('InstanceIds', 'mi-other')]],
  ])('is chosen (%j) by %j', (expected, targets) => {
    expect(choosesNode(targets, web)).toBe(expected);
  });

  it.each<[boolean, readonly WindowTarget[], readonly WindowTarget[]]>([
    [true, [target('tag:a', 'b')], [target('tag:c', 'd'), target('tag:a', 'x', 'b')]],
    [false, [target('tag:a', 'b')], [target('tag:a', 'x')]],
    [false, [target('tag:a', 'b')], [target('tag:b', 'b')]],
    [false, [target('tag:a', 'b'), target('tag:c', 'd')], [target('tag:a', 'b')]],
  ])('need not exist for two targets to name the same (%j): %j and %j', (expected, asked, registered) => {
    expect(namesTheSame(asked, registered)).toBe(expected);
  });
});
