import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { OperationContract } from './contract.ts';
import * as exported from './index.ts';

// Agent and control plane may be two versions apart (docs/decisions/0011-agent-package.md).

interface RecordedCall {
  readonly operation: string;
  readonly input: unknown;
  readonly output: unknown;
}

const contracts: readonly OperationContract[] = Object.values(exported).filter(
  (each) => typeof each === 'object' && 'permission' in each,
);
const recordings = new URL('./recordings/', import.meta.url);
const recorded = readdirSync(recordings).flatMap((file) =>
  (JSON.parse(readFileSync(new URL(file, recordings), 'utf8')) as { calls: RecordedCall[] }).calls.map(
    (call) => [file, call.operation, call] as const,
  ),
);

/** What a later version could send: a member that nobody knows yet, wherever there are members. */
function withLaterMembers(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withLaterMembers);
  if (value === null || typeof value !== 'object') return value;
  const members = Object.entries(value).map(([name, member]) => [name, withLaterMembers(member)]);
  return { ...Object.fromEntries(members), aLaterMember: { of: 'a later version' } };
}

function findContract(operation: string): OperationContract {
  const contract = contracts.find((each) => each.name === operation);
  if (contract === undefined) throw new Error(`${operation} is gone, and a supported version still calls it`);
  return contract;
}

describe('versions of agent and control plane', () => {
  it.each(recorded)('%s: %s is understood as it was sent and answered then', (_file, operation, call) => {
    const { input, output } = findContract(operation);
    expect(input.safeParse(call.input).error).toBeUndefined();
    expect(output.safeParse(call.output).error).toBeUndefined();
  });

  it.each(recorded)('%s: %s is understood with members that a later version adds', (_file, operation, call) => {
    const { input, output } = findContract(operation);
    expect(input.parse(withLaterMembers(call.input))).toEqual(input.parse(call.input));
    expect(output.parse(withLaterMembers(call.output))).toEqual(output.parse(call.output));
  });

  it('have recordings of every operation that nodes call', () => {
    const called = new Set(recorded.map(([, operation]) => operation));
    const sinceFirst = ['BeginPatchOperation', 'CompletePatchOperation', 'GetSigningKey', 'ProposePlan', 'SubmitFacts'];
    expect(sinceFirst.filter((name) => !called.has(name))).toEqual([]);
  });

  // What people type is checked strictly where a slip would be costly; agents are two versions older or newer.
  const ofNodes = contracts.filter(({ caller }) => caller === 'node');
  it.each(ofNodes.map((each) => [each.name, each] as const))(
    '%s refuses no member that it does not know',
    (_name, contract) => {
      for (const schema of [contract.input, contract.output]) {
        const described = JSON.stringify(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }));
        expect(described).not.toContain('"additionalProperties":false');
      }
    },
  );
});
