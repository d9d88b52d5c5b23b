import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type AgentOptions, runAgent } from './agent.ts';
import { region, startControlPlane, type TestControlPlane } from './test-support/control-plane.ts';
import { makePrivateDirectory } from './test-support/private-directory.ts';
import { commandId, nodeId, type TestCommand, writeMessage } from './test-support/signed-commands.ts';
import { createTestTimers } from './test-support/test-timers.ts';

const patcherProgram = [join(import.meta.dirname, 'test-support/patcher-stand-in.ts')];
const activation = { id: '00000000-0000-4000-8000-000000000000', code: '0123456789abcdef0123456789abcdef' };

interface TestAgent {
  readonly lines: string[];
  readonly stateDirectory: string;
  stop(): Promise<void>;
}

async function openPlane(): Promise<TestControlPlane> {
  const plane = await startControlPlane();
  onTestFinished(() => plane.close());
  plane.clock = () => new Date('2026-11-22T10:00:00.000Z');
  return plane;
}

function startAgent(plane: TestControlPlane, options: Partial<AgentOptions> = {}): TestAgent {
  const stateDirectory = options.stateDirectory ?? makePrivateDirectory();
  const lines: string[] = [];
  const stopping = new AbortController();
  const running = runAgent({
    stateDirectory,
    endpoint: plane.endpoint,
    region,
    activation,
    patcherProgram,
    hostPolicyFile: join(stateDirectory, 'policy.json'),
    log: ({ message }) => lines.push(message),
    signal: stopping.signal,
    timers: createTestTimers(),
    ...options,
  });
  const stop = async () => {
    stopping.abort();
    await running;
  };
  onTestFinished(stop);
  return { lines, stateDirectory, stop };
}

function prepareState(behaviour: string, policy?: object): string {
  const stateDirectory = makePrivateDirectory();
  writeFileSync(join(stateDirectory, 'behaviour'), behaviour);
  if (policy !== undefined) writeFileSync(join(stateDirectory, 'policy.json'), JSON.stringify(policy), { mode: 0o600 });
  return stateDirectory;
}

const isEnded = (plane: TestControlPlane) => () => plane.replies.some((reply) => reply.documentStatus !== 'InProgress');
const send = (plane: TestControlPlane, command: TestCommand = {}) =>
  plane.outbox.push(writeMessage(command, plane.signingKey));

describe('an agent', () => {
  it('enrols once, comes online and keeps its identity private', async () => {
    const plane = await openPlane();
    const agent = startAgent(plane);
    await plane.until(() => plane.calls.includes('GetMessages'));
    await agent.stop();

    expect(plane.registrations).toHaveLength(1);
    expect(plane.registrations[0]).toMatchObject({ ActivationId: activation.id, PublicKeyType: 'Rsa' });
    expect(plane.pings[0]).toMatchObject({ InstanceId: nodeId, AgentName: 'patchbay-agent', PlatformType: 'Linux' });
    const identityFile = join(agent.stateDirectory, 'identity.json');
    expect(statSync(identityFile).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(identityFile, 'utf8'))).toMatchObject({
      instanceId: nodeId,
      signingKey: { keyId: plane.signingKey.keyId },
    });
    expect(existsSync(join(agent.stateDirectory, 'lock'))).toBe(false);

    const second = startAgent(plane, {
      stateDirectory: agent.stateDirectory,
      endpoint: null,
      region: null,
      activation: null,
    });
    await plane.until(() => plane.calls.filter((call) => call === 'GetMessages').length === 2);
    await second.stop();
    expect(plane.registrations).toHaveLength(1);
  });

  it('tells which machine speaks while it runs, and that it stops', async () => {
    const plane = await openPlane();
    const agent = startAgent(plane);
    await plane.until(() => plane.presences.length > 0 && plane.calls.includes('GetMessages'));
    await agent.stop();
    const again = startAgent(plane, { stateDirectory: agent.stateDirectory });
    await plane.until(() => plane.presences.length > 2);
    await again.stop();
    const states = plane.presences.map(({ state, agentRunId }) => [state, agentRunId]);
    const [first, second] = new Set(plane.presences.map(({ agentRunId }) => agentRunId));
    expect(first).not.toBe(second);
    expect(states).toContainEqual(['running', first]);
    expect(states).toContainEqual(['stopping', first]);
    expect(states.at(-1)).toEqual(['stopping', second]);
    expect(plane.presences[0]).toMatchObject({ agentClock: expect.any(String), machineIdHash: expect.any(String) });
  });

  it('stays online with a control plane that asks for less', async () => {
    const plane = await openPlane();
    plane.refusals.set('ReportPresence', [{ status: 400, code: 'UnknownOperationException' }]);
    const agent = startAgent(plane);
    await plane.until(() => plane.calls.includes('GetMessages'));
    expect(agent.lines).toContain(`Online as ${nodeId}.`);
  });

  it('patches on a signed command and answers step by step', async () => {
    const plane = await openPlane();
    startAgent(plane, { stateDirectory: prepareState('succeed') });
    send(plane, { parameters: { Operation: ['Install'], RebootOption: ['NoReboot'] } });
    await plane.until(isEnded(plane));

    expect(plane.acknowledged).toEqual([`aws.ssm.${commandId}.${nodeId}`]);
    expect(plane.replies.map((reply) => reply.documentStatus)).toEqual(['InProgress', 'InProgress', 'Success']);
    const step = plane.replies.at(-1)?.steps['PatchLinux'];
    expect(step).toMatchObject({ status: 'Success', code: 0, standardError: 'a remark\n' });
    expect(step?.standardOutput).toContain('"operation":"Install"');
    expect(plane.calls.indexOf('AcknowledgeMessage')).toBeLessThan(plane.calls.indexOf('SendReply'));
  });

  it.each<[string, TestCommand, RegExp]>([
    [
      'what its policy does not allow',
      { documentName: 'AWS-RunShellScript', parameters: { commands: ['id'] } },
      /policy/,
    ],
    ['what is signed for another node', { signed: { nodeId: 'mi-00000000000000000' } }, /another node/],
    ['what has expired', { expiresAt: '2026-11-22T09:59:59.000Z' }, /expired/],
  ])('refuses %s and runs nothing', async (_case, command, reason) => {
    const plane = await openPlane();
    const agent = startAgent(plane, { stateDirectory: prepareState('succeed') });
    send(plane, command);
    await plane.until(isEnded(plane));

    const last = plane.replies.at(-1);
    expect(last?.documentStatus).toBe('Failed');
    expect(last?.trace).toMatch(reason);
    expect(Object.values(last?.steps ?? {})[0]?.standardError).toMatch(reason);
    expect(readdirSync(join(agent.stateDirectory, 'runs'))).toEqual([]);
  });

  it.runIf(process.getuid?.() === 0)('runs a document that its owner allows, on the real machine', async () => {
    const plane = await openPlane();
    const policy = { mode: 'documents', documents: ['AWS-RunShellScript'] };
    const agent = startAgent(plane, { stateDirectory: prepareState('succeed', policy) });
    send(plane, { documentName: 'AWS-RunShellScript', parameters: { commands: ['echo out', 'echo err >&2'] } });
    await plane.until(isEnded(plane));

    expect(plane.replies.at(-1)).toMatchObject({
      documentStatus: 'Success',
      steps: { runShellScript: { status: 'Success', standardOutput: 'out\n', standardError: 'err\n' } },
    });
    await agent.stop();
    expect(readdirSync(join(agent.stateDirectory, 'work/shared/documents'))).toEqual([]);
  });

  it('runs a command once though its message comes twice, and answers both', async () => {
    const plane = await openPlane();
    const agent = startAgent(plane, { stateDirectory: prepareState('succeed') });
    send(plane);
    await plane.until(isEnded(plane));
    send(plane);
    await plane.until(() => plane.replies.filter((reply) => reply.documentStatus === 'Success').length === 2);

    expect(plane.acknowledged).toHaveLength(2);
    expect(readdirSync(join(agent.stateDirectory, 'runs'))).toEqual([commandId]);
    expect(plane.replies.filter((reply) => reply.documentStatus === 'InProgress')).toHaveLength(2);
  });

  it('leaves a running patcher alone when it stops, and reports its end after the next start', async () => {
    const plane = await openPlane();
    const stateDirectory = prepareState('wait');
    const first = startAgent(plane, { stateDirectory });
    send(plane);
    const run = join(stateDirectory, 'runs', commandId);
    await plane.until(() => plane.replies.length === 1);
    while (!existsSync(join(run, 'process'))) await new Promise((resolve) => setImmediate(resolve));
    await first.stop();
    expect(first.lines.join('\n')).toContain('The patcher goes on');
    expect(plane.replies.every((reply) => reply.documentStatus === 'InProgress')).toBe(true);

    startAgent(plane, { stateDirectory });
    writeFileSync(join(run, 'go'), '');
    await plane.until(isEnded(plane));
    expect(plane.replies.at(-1)).toMatchObject({ documentStatus: 'Success', steps: { PatchLinux: { code: 0 } } });
    expect(readdirSync(join(stateDirectory, 'runs'))).toEqual([commandId]);
  });

  it('delivers replies after the control plane was away', async () => {
    const plane = await openPlane();
    plane.refusals.set(
      'SendReply',
      Array.from({ length: 3 }, () => ({ status: 500, code: 'InternalServerError' })),
    );
    startAgent(plane, { stateDirectory: prepareState('succeed') });
    send(plane);
    await plane.until(isEnded(plane));
    expect(plane.replies.map((reply) => reply.documentStatus)).toEqual(['InProgress', 'InProgress', 'Success']);
    expect(new Set(plane.replies.map((reply) => reply.replyId)).size).toBe(3);
  });

  it('refuses messages that it does not understand', async () => {
    const plane = await openPlane();
    startAgent(plane);
    const message = writeMessage({}, plane.signingKey);
    plane.outbox.push({ ...message, Topic: 'aws.ssm.other' });
    plane.outbox.push({ ...message, MessageId: `aws.ssm.${commandId}.mi-00000000000000000` });
    await plane.until(() => plane.failed.length === 2);
    expect(plane.replies).toEqual([]);
  });

  it("signs with the control plane's time when its own clock is wrong, and says so", async () => {
    const plane = await openPlane();
    plane.clock = () => new Date('2026-11-22T14:00:00.000Z');
    const agent = startAgent(plane);
    await plane.until(() => plane.pings.length === 1);
    expect(agent.lines.join('\n')).toContain('14400 seconds behind');
  });

  it('takes no second agent on its state directory', async () => {
    const plane = await openPlane();
    const agent = startAgent(plane);
    await plane.until(() => plane.pings.length === 1);
    const second = runAgent({
      stateDirectory: agent.stateDirectory,
      endpoint: null,
      region: null,
      activation: null,
      patcherProgram,
      log: () => {},
      signal: new AbortController().signal,
    });
    await expect(second).rejects.toMatchObject({ code: 'STATE_IN_USE' });
  });

  it('refuses to serve another root file system than the one it enrolled for', async () => {
    const plane = await openPlane();
    const agent = startAgent(plane);
    await plane.until(() => plane.pings.length === 1);
    await agent.stop();
    const root = join(makePrivateDirectory(), 'root');
    mkdirSync(root);
    const again = runAgent({
      stateDirectory: agent.stateDirectory,
      endpoint: null,
      region: null,
      activation: null,
      rootDirectory: root,
      patcherProgram,
      log: () => {},
      signal: new AbortController().signal,
    });
    await expect(again).rejects.toMatchObject({ code: 'ENROLMENT_MISMATCH' });
  });
});
