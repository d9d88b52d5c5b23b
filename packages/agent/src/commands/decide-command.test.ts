import { describe, expect, it } from 'vitest';
import type { SelfUpdateSettings } from '../self-update/index.ts';
import {
  commandId,
  createTestSigningKey,
  nodeId,
  shellDocument,
  type TestCommand,
  writePayload,
} from '../test-support/signed-commands.ts';
import { decideCommand } from './decide-command.ts';

const key = createTestSigningKey();

function decide(
  command: TestCommand,
  mode: 'patch-only' | 'documents' | 'full' = 'patch-only',
  payload?: unknown,
  selfUpdate: SelfUpdateSettings | null = { reportInSeconds: 180, isAllowed: true },
  documents: string[] = [],
) {
  return decideCommand({
    commandId,
    payload: JSON.stringify(payload ?? writePayload(command, key)),
    instanceId: nodeId,
    signingKey: key,
    policy: { policy: { mode, documents }, isFilePresent: true, problem: null },
    policyFile: '/etc/patchbay/policy.json',
    selfUpdate,
    now: new Date('2026-11-22T11:00:00.000Z'),
  });
}

describe('what is done about a command', () => {
  it.each(['patch-only', 'documents', 'full'] as const)('patches with its own patcher under %s', (mode) => {
    const parameters = { Operation: ['Install'], RebootOption: ['NoReboot'] };
    expect(decide({ parameters }, mode)).toEqual({
      kind: 'patch',
      operation: 'Install',
      rebootOption: 'NoReboot',
      snapshotId: '',
    });
  });

  it('ignores the content of AWS-RunPatchBaseline, even signed', () => {
    const documentContent = shellDocument([{ name: 'PatchLinux', inputs: { runCommand: ['rm -rf /'] } }]);
    expect(decide({ documentContent }, 'full').kind).toBe('patch');
  });

  it.each(['InstallOverrideList', 'BaselineOverride'])('leaves %s to the control plane', (name) => {
    const parameters = { Operation: ['Install'], [name]: ['https://host/list'], AssociationId: [commandId] };
    expect(decide({ parameters })).toMatchObject({ kind: 'patch', operation: 'Install' });
  });

  it.each([
    [{ Operation: ['Remove'] }, /not allowed/],
    [{}, /Operation is required/],
    [{ Operation: ['Scan'], Extra: ['1'] }, /Extra is not defined/],
  ])('refuses to patch with %j', (parameters, reason) => {
    const decision = decide({ parameters });
    expect(decision).toMatchObject({ kind: 'refuse', step: { name: 'PatchLinux' } });
    expect(decision.kind === 'refuse' && decision.reason).toMatch(reason);
  });

  it.each([
    ['Patchbay-PlanPatches', {}, { operation: 'Scan', rebootOption: 'NoReboot' }],
    ['Patchbay-ApplyPlan', {}, { operation: 'Install', rebootOption: 'RebootIfNeeded' }],
    ['Patchbay-ApplyPlan', { RebootOption: ['NoReboot'] }, { operation: 'Install', rebootOption: 'NoReboot' }],
  ])('runs the patcher for %s with %j, whatever the content is', (documentName, more, expected) => {
    const documentContent = shellDocument([{ name: 'PatchLinux', inputs: { runCommand: ['rm -rf /'] } }]);
    const parameters = { PlanId: [commandId], ...more };
    expect(decide({ documentName, documentContent, parameters })).toEqual({
      kind: 'patch',
      ...expected,
      snapshotId: '',
    });
    expect(decide({ documentName, documentContent, parameters: { PlanId: ['../x'] } })).toMatchObject({
      kind: 'refuse',
      step: { name: 'PatchLinux' },
    });
  });

  it.each(['patch-only', 'documents', 'full'] as const)(
    'updates the agent under %s, whatever the content is',
    (mode) => {
      const documentContent = shellDocument([{ name: 'updateSsmAgent', inputs: { runCommand: ['rm -rf /'] } }]);
      const parameters = { version: ['1.2.3'], allowDowngrade: ['true'] };
      expect(decide({ documentName: 'AWS-UpdateSSMAgent', documentContent, parameters }, mode)).toEqual({
        kind: 'update-agent',
        update: { version: '1.2.3', allowDowngrade: true, reportInSeconds: 180 },
      });
    },
  );

  it.each([{ version: ['../x'] }, { version: ['1'] }, { allowDowngrade: ['yes'] }, { agentName: ['other'] }])(
    'refuses to update the agent with %j',
    (parameters) => {
      const decision = decide({ documentName: 'AWS-UpdateSSMAgent', parameters });
      expect(decision).toMatchObject({ kind: 'refuse', step: { name: 'updateSsmAgent' } });
    },
  );

  it('refuses to update an agent that did not come from a package', () => {
    const decision = decide({ documentName: 'AWS-UpdateSSMAgent', parameters: {} }, 'full', undefined, null);
    expect(decision).toMatchObject({ kind: 'refuse', reason: expect.stringContaining('package patchbay-agent') });
  });

  it('refuses to update an agent whose owner wants no updates, under any policy', () => {
    const selfUpdate = { reportInSeconds: 180, isAllowed: false };
    const decision = decide({ documentName: 'AWS-UpdateSSMAgent', parameters: {} }, 'full', undefined, selfUpdate);
    expect(decision).toMatchObject({ kind: 'refuse', reason: expect.stringContaining('Its owner can change that') });
  });

  it('runs a document only where the policy names it and every document that it brings along', () => {
    const command: TestCommand = {
      documentName: 'Outer',
      documentContent: shellDocument([{ name: 'only', inputs: { runCommand: ['true'] } }]),
      parameters: {},
      nested: {
        'arn:aws:ssm:us-east-1:123456789012:document/Inner:2': shellDocument([
          { name: 'in', inputs: { runCommand: 'x' } },
        ]),
      },
    };
    const allow = (...documents: string[]) => decide(command, 'documents', undefined, null, documents);
    expect(allow('Outer', 'Inner')).toMatchObject({ kind: 'document' });
    expect(allow('Outer')).toMatchObject({ kind: 'refuse', reason: expect.stringMatching(/does not run Inner:/) });
    expect(allow('Inner')).toMatchObject({ kind: 'refuse', reason: expect.stringMatching(/does not run Outer:/) });
  });

  it('refuses a document that the policy does not allow, at its first step', () => {
    const decision = decide({ documentName: 'AWS-RunShellScript', parameters: { commands: ['id'] } });
    expect(decision).toMatchObject({
      kind: 'refuse',
      step: { name: 'runShellScript' },
      reason: expect.stringContaining('/etc/patchbay/policy.json'),
    });
  });

  it('runs an allowed document with its parameters resolved', () => {
    const decision = decide({ documentName: 'AWS-RunShellScript', parameters: { commands: ['id'] } }, 'full');
    expect(decision).toMatchObject({ kind: 'document', values: { commands: ['id'], executionTimeout: '3600' } });
  });

  it.each([
    [{ schemaVersion: '0.3', mainSteps: [] }, /schema 2\.2/],
    [{ schemaVersion: '2.2', mainSteps: [] }, /schema 2\.2/],
  ])('refuses what is no document: %j', (documentContent, reason) => {
    const decision = decide({ documentName: 'Mine', documentContent, parameters: {} }, 'full');
    expect(decision.kind === 'refuse' && decision.reason).toMatch(reason);
  });

  it('judges the signature before anything else', () => {
    const payload = { ...writePayload({}, key), PatchbayAuthorization: undefined };
    expect(decide({}, 'full', payload)).toMatchObject({ kind: 'refuse', reason: expect.stringMatching(/not signed/) });
  });

  it.each([[{}], ['text'], [{ ...writePayload({}, key), Parameters: { Operation: 'Scan' } }]])(
    'refuses a payload of another form',
    (payload) => {
      expect(decide({}, 'full', payload)).toMatchObject({ kind: 'refuse', step: null });
    },
  );

  it('refuses a payload for another command than its message', () => {
    const payload = writePayload({ commandId: commandId.replaceAll('1', '9') }, key);
    expect(decide({}, 'full', payload)).toMatchObject({ kind: 'refuse', reason: expect.stringMatching(/another/) });
  });
});
