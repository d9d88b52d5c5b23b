import { describe, expect, it } from 'vitest';
import { readDockerfileTemplate } from './read-dockerfile.ts';
import { type ImageBase, resolveDockerfile } from './resolve-dockerfile.ts';

const plain: ImageBase = { environment: new Map([['PATH', '/bin']]), workingDirectory: '/', user: null };

function resolve(text: string, base: Partial<ImageBase> = {}, before = '') {
  const template = `${before}FROM {{{ imagebuilder:parentImage }}}\n${text}`;
  return resolveDockerfile(readDockerfileTemplate(template), { ...plain, ...base });
}

/** The settings that a template comes to, in order. */
function settings(text: string, base: Partial<ImageBase> = {}, before = '') {
  return resolve(text, base, before).flatMap((step) => (step.kind === 'configure' ? [step.setting] : []));
}

const environment = (...variables: [string, string][]) => ({ name: 'environment', variables: new Map(variables) });

describe('the steps of a template on an image', () => {
  it('run with what the image and the instructions before say', () => {
    const steps = resolve(
      'ARG LEVEL=3\nENV A=1\nRUN first\nUSER app\nWORKDIR /srv\nWORKDIR web/../api\nSHELL ["/bin/bash", "-ec"]\nRUN second\n{{{ imagebuilder:components }}}\nRUN ["third"]',
    );
    const variables = new Map([
      ['LEVEL', '3'],
      ['PATH', '/bin'],
      ['A', '1'],
    ]);
    expect(steps.filter(({ kind }) => kind !== 'configure')).toEqual([
      { kind: 'run', argv: ['/bin/sh', '-c', 'first'], environment: variables, workingDirectory: '/', user: null },
      {
        kind: 'run',
        argv: ['/bin/bash', '-ec', 'second'],
        environment: variables,
        workingDirectory: '/srv/api',
        user: 'app',
      },
      { kind: 'components' },
      { kind: 'run', argv: ['third'], environment: variables, workingDirectory: '/srv/api', user: 'app' },
    ]);
  });

  it('see the variables of the image, and all of one ENV see those before it', () => {
    expect(settings('ENV PATH=/opt/bin:$PATH\nENV A=new B=$A\nENV C=$A')).toEqual([
      environment(['PATH', '/opt/bin:/bin']),
      environment(['A', 'new'], ['B', '']),
      environment(['C', 'new']),
    ]);
  });

  it('take a variable of ENV before one of ARG, and an ARG from before FROM only where it is declared again', () => {
    expect(settings('ARG A=arg\nENV A=env\nARG A=later\nLABEL a=$A')[1]).toEqual({
      name: 'labels',
      labels: new Map([['a', 'env']]),
    });
    const before = 'ARG ONE=1\nARG TWO=${ONE}2\n';
    const labels = (text: string) => settings(text, {}, before).map((setting) => setting);
    expect(labels('LABEL a=x$TWO')).toEqual([{ name: 'labels', labels: new Map([['a', 'x']]) }]);
    expect(labels('ARG TWO\nLABEL a=x$TWO')).toEqual([{ name: 'labels', labels: new Map([['a', 'x12']]) }]);
    expect(labels('ARG NONE\nLABEL a=x$NONE')).toEqual([{ name: 'labels', labels: new Map([['a', 'x']]) }]);
  });

  it('configure the image', () => {
    const base = { environment: new Map([['PORTS', '80 443/tcp']]), workingDirectory: '/srv' };
    expect(
      settings(
        'EXPOSE $PORTS 53/UDP\nVOLUME ["/data", "/a b"]\nVOLUME /x /y\nSTOPSIGNAL SIGQUIT\nUSER 1000:1000\nWORKDIR log\nCMD ["-v"]\nENTRYPOINT ["/bin/app"]',
        base,
      ),
    ).toEqual([
      { name: 'exposed-ports', ports: ['80/tcp', '443/tcp', '53/udp'] },
      { name: 'volumes', paths: ['/data', '/a b'] },
      { name: 'volumes', paths: ['/x', '/y'] },
      { name: 'stop-signal', signal: 'SIGQUIT' },
      { name: 'user', user: '1000:1000' },
      { name: 'working-directory', path: '/srv/log' },
      { name: 'command', argv: ['-v'] },
      { name: 'entrypoint', argv: ['/bin/app'], clearsCommand: false },
    ]);
    expect(settings('ENTRYPOINT app\nCMD a')).toEqual([
      { name: 'entrypoint', argv: ['/bin/sh', '-c', 'app'], clearsCommand: true },
      { name: 'command', argv: ['/bin/sh', '-c', 'a'] },
    ]);
  });

  it.each([
    ['ENV A="${NONE:?must be given}"', 'line 2, column 1: NONE: must be given.'],
    ['ENV A=${NONE?}', 'line 2, column 1: the variable NONE must have a value.'],
    ['\nUSER $NONE', 'line 3, column 1: USER comes to nothing.'],
    ['ENV $NONE=x', 'a name that comes to nothing'],
    ['EXPOSE 8000-9000', 'EXPOSE takes ports one by one'],
    ['EXPOSE 70000', 'EXPOSE takes ports'],
    ['STOPSIGNAL quit', 'STOPSIGNAL takes a signal'],
    [`ENV A=aaaaaaaaaaaaaaaa\n${'ENV A=$A$A\n'.repeat(40)}`, 'a value of more than 131072 characters'],
  ])('cannot be %j', (text, message) => {
    expect(() => resolve(text)).toThrow(message);
  });
});
