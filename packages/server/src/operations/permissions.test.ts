import { describe, expect, it } from 'vitest';
import { services } from '../app.ts';
import { permissionRules } from './permissions.ts';

const supported = services
  .flatMap(({ operations }) => [...operations.values()])
  .filter(({ support }) => support === 'supported');

describe('the table of permissions', () => {
  it('decides on every operation that there is', () => {
    const undecided = supported.map(({ permission }) => permission).filter((name) => !permissionRules.has(name));
    expect(undecided, 'operations that nobody may call until permissions.ts says who').toEqual([]);
  });

  it('lets an auditor do nothing but read', () => {
    const names = [...permissionRules].filter(([, rule]) => rule.people.includes('auditor')).map(([name]) => name);
    expect(names.filter((name) => !/^\w+:(Describe|Get|List)/.test(name))).toEqual([]);
    expect(names).not.toContain('patchbay:ReadSecrets');
    expect(names).not.toContain('patchbay:DecryptParameters');
  });

  it('lets an operator do what an auditor may but see who has access, and send, cancel, plan and stop commands and start pipelines besides', () => {
    const allowed = (role: 'operator' | 'auditor', notTo: 'operator' | 'auditor') =>
      [...permissionRules]
        .filter(([, { people }]) => people.includes(role) && !people.includes(notTo))
        .map(([name]) => name);
    expect(allowed('operator', 'auditor')).toEqual([
      'ssm:SendCommand',
      'patchbay:ApplyPatchPlan',
      'patchbay:CreatePatchPlan',
      'ssm:CancelCommand',
      'ssm:CancelMaintenanceWindowExecution',
      'patchbay:ResumeStarts',
      'patchbay:StopStarts',
      'ssm:DeregisterTaskFromMaintenanceWindow',
      'ssm:RegisterTaskWithMaintenanceWindow',
      'ssm:UpdateMaintenanceWindowTask',
      'imagebuilder:RetryImage',
      'imagebuilder:StartImagePipelineExecution',
    ]);
    expect(allowed('auditor', 'operator')).toEqual(['patchbay:ListAccessKeys', 'patchbay:ListUsers']);
  });

  it('lets an administrator do all that anybody may who is no node', () => {
    const denied = [...permissionRules].filter(
      ([, { people, nodes, anybody }]) => !people.includes('administrator') && !nodes && !anybody,
    );
    expect(denied).toEqual([]);
  });
});
