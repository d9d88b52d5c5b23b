import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withRealServer } from '../ssm/real-server.ts';
import { type BuildStage, findProcesses, listLeftovers, openBuildStage, writeComponent } from './build-stage.ts';

const server = withRealServer();
let stage: BuildStage;

beforeAll(async () => {
  stage = await openBuildStage(server(), { concurrency: 2 });
});
afterAll(async () => {
  await stage?.close();
});

function writeStep(step: object): string {
  return `schemaVersion: 1.0\nphases:\n  - name: build\n    steps:\n      - ${JSON.stringify({ name: 'Step', ...step })}\n`;
}

const from = ['parentImage }}}', 'environments }}}', 'components }}}'];
const template = `FROM {{{ imagebuilder:${from.join('\n{{{ imagebuilder:')}\n`;

describe('a build that cannot be done', () => {
  it('ends with its whole process tree when a step hangs, and says which', async () => {
    const component = writeStep({
      action: 'ExecuteBash',
      timeoutSeconds: 2,
      inputs: { commands: ['setsid sleep 4712 & nohup sleep 4712 & sleep 4712'] },
    });
    const { status, reason, record } = await stage.build('hanging', { component });
    expect([status, reason]).toEqual([
      'FAILED',
      expect.stringMatching(/^ApplyBuildComponents \(component hanging 1\.0\.0\/1, phase build, step Step\): .*time/),
    ]);
    expect(record.steps.map((step) => step.status)).toEqual([
      'COMPLETED',
      'FAILED',
      'SKIPPED',
      'SKIPPED',
      'SKIPPED',
      'SKIPPED',
    ]);
    expect(await findProcesses('sleep 4712')).toEqual([]);
    expect(await listLeftovers(stage.builder)).toEqual([]);
  });

  it('names what is wrong: a checksum, an instruction, a host, a parent', async () => {
    const nothing = createHash('sha256').update('nothing').digest('hex');
    const source = `http://${stage.registry.address}/v2/`;
    const download = { source, destination: '/srv/file', checksum: nothing, algorithm: 'SHA256' };
    const allowed = { 'patchbay:allowed-hosts': stage.registry.address };
    const cases = [
      ['checksum', { component: writeStep({ action: 'WebDownload', inputs: [download] }), tags: allowed }, /checksum/i],
      [
        'instruction',
        { template: `${template}RUN echo before && echo broken >&2 && exit 4` },
        /RUN .* ended with exit code 4/,
      ],
      [
        'host',
        { tags: { 'patchbay:allowed-hosts': 'http://not/a/host' } },
        /patchbay:allowed-hosts: .*http:\/\/not\/a\/host/,
      ],
      ['parent', { parentImage: `${stage.registry.address}/nowhere:1` }, /^ObtainParentImage: .*nowhere/],
      ['away', { parentImage: '127.0.0.1:9/base:1' }, /^ObtainParentImage: .*127\.0\.0\.1:9/],
    ] as const;
    const ended = await Promise.all(cases.map(([name, parts]) => stage.build(name, parts)));
    for (const [index, [name, , message]] of cases.entries()) {
      expect([name, ended[index]?.status]).toEqual([name, 'FAILED']);
      expect(ended[index]?.reason).toMatch(message);
    }
    expect(ended[1]?.record.failure?.output).toContain('broken');
    expect(await listLeftovers(stage.builder)).toEqual([]);
  });
});

describe('builds of one builder', () => {
  it('find nothing of each other, nor of their own build when they are tested', async () => {
    const leave = ['touch /tmp/left /run/patchbay/left', 'ls -A /tmp'];
    const look = ['test ! -e /tmp/left', 'test ! -e /run/patchbay/left'];
    const names = ['first', 'second', 'third'];
    const ended = await Promise.all(
      names.map((name) => stage.build(`apart-${name}`, { component: writeComponent([...look, ...leave], look) })),
    );
    expect(ended.map(({ status, reason }) => [status, reason])).toEqual(names.map(() => ['AVAILABLE', undefined]));
    expect(await listLeftovers(stage.builder)).toEqual([]);
  });

  it('may print anything', async () => {
    const print = [`printf 'nul \\000 half \\355\\240\\275 bell \\007\\n'`, `head -c 3000000 /dev/zero | tr '\\0' x`];
    const { status, lines } = await stage.build('printing', { component: writeComponent(print) });
    expect(status).toBe('AVAILABLE');
    expect(lines).toContainEqual(expect.stringMatching(/^nul \ufffd half \ufffd+ bell/));
  });

  it('run instructions as users that only their number is known of, and as those of the image', async () => {
    const runs = [
      ['4711', '4711:0', '0', '/'],
      ['4711:4712', '4711:4712', '4712', '/'],
      ['daemon', '1:1', '1', '/usr/sbin'],
      ['root', '0:0', '0', '/root'],
    ].map(
      ([user, ids, groups, home]) =>
        `USER ${user}\nRUN test "$(id -u):$(id -g) $(id -G) $HOME" = "${ids} ${groups} ${home}"\n`,
    );
    const { status, reason } = await stage.build('users', { template: template + runs.join('') });
    expect([status, reason]).toEqual(['AVAILABLE', undefined]);
  });
});
