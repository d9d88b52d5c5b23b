import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ImageSetting, readDockerfileTemplate, resolveDockerfile } from '@patchbay/patching';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';

const Flags = z.record(z.string(), z.object({})).default({});
const Inspected = z.object({
  OCIv1: z.object({
    config: z.object({
      User: z.string().default(''),
      Env: z.array(z.string()).default([]),
      ExposedPorts: Flags,
      Entrypoint: z.array(z.string()).default([]),
      Cmd: z.array(z.string()).nullish(),
      Volumes: Flags,
      WorkingDir: z.string().default(''),
      Labels: z.record(z.string(), z.string()).default({}),
      StopSignal: z.string().default(''),
    }),
  }),
});

/** The configuration of an image, in one form for both. */
interface Configuration {
  environment: Record<string, string>;
  labels: Record<string, string>;
  user: string;
  workingDirectory: string;
  ports: string[];
  volumes: string[];
  stopSignal: string;
  entrypoint: readonly string[];
  command: readonly string[];
}

/** The two sides of `name=value`. */
function pairOf(text: string): [string, string] {
  const equals = text.indexOf('=');
  return [text.slice(0, equals), text.slice(equals + 1)];
}

function configure(settings: readonly ImageSetting[]): Configuration {
  const configuration: Configuration = {
    environment: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' },
    labels: {},
    user: '',
    workingDirectory: '',
    ports: [],
    volumes: [],
    stopSignal: '',
    entrypoint: [],
    command: [],
  };
  for (const setting of settings) {
    switch (setting.name) {
      case 'environment':
        Object.assign(configuration.environment, Object.fromEntries(setting.variables));
        break;
      case 'labels':
        Object.assign(configuration.labels, Object.fromEntries(setting.labels));
        break;
      case 'user':
        configuration.user = setting.user;
        break;
      case 'working-directory':
        configuration.workingDirectory = setting.path;
        break;
      case 'exposed-ports':
        configuration.ports.push(...setting.ports);
        break;
      case 'volumes':
        configuration.volumes.push(...setting.paths);
        break;
      case 'stop-signal':
        configuration.stopSignal = setting.signal;
        break;
      case 'command':
        configuration.command = setting.argv;
        break;
      case 'entrypoint':
        configuration.entrypoint = setting.argv;
        if (setting.clearsCommand) configuration.command = [];
        break;
    }
  }
  return {
    ...configuration,
    ports: [...new Set(configuration.ports)].sort(),
    volumes: [...new Set(configuration.volumes)].sort(),
  };
}

/** What a template makes of an image that says nothing. */
function configureByTemplate(template: string): Configuration {
  const steps = resolveDockerfile(readDockerfileTemplate(template), {
    environment: new Map(),
    workingDirectory: '/',
    user: null,
  });
  return configure(steps.flatMap((step) => (step.kind === 'configure' ? [step.setting] : [])));
}

const from = 'FROM {{{ imagebuilder:parentImage }}}\n';

/**
 * Each is a whole template but for its FROM, and has nothing to run. Left out is what buildah 1.28 does otherwise than the
 * Dockerfile reference says: SHELL does not reach CMD, another escape character does not reach ENV, `WORKDIR /y/` keeps its /.
 */
const templates = [
  'ENV ONE=1 TWO="a b" THREE=a\\ b FOUR=\'$ONE "x"\' FIVE="it\'s"',
  'ENV A=1\nENV A=2 B=$A\nENV C=$A${B}x$ D=\\$A E=${NONE}- F=$NONE-',
  'ENV A=x E=\nENV B=${A:-no} C=${NONE:-yes} D=${A:+set} F=${NONE:+set} G=${E:-empty} H=${E:+set}',
  'ENV A=x\nENV B=${NONE:-${A}y} C="${NONE:-two words}" D=${NONE:-"quoted"}',
  'ENV legacy one  two "q" \'s\' $PATH',
  'ENV A=\'a\\nb\' B="a\\nb" C=a\\nb D="a\\\\b" E=\'a"b\'',
  'ENV A=a \\\n    # a comment\n    B=b \\\n\n    C=c',
  'ENV A="a \\\n  b" C=d',
  'ENV URL=http://h/?a=b&c=d#e LIST=a,b;c',
  'ENV A=1 \t B=2\t',
  'ARG A=1\nARG B=${A}2\nLABEL a=$A b="$B" c=x',
  'ARG A\nARG A=x\nENV A=y\nARG A=z\nLABEL a=$A',
  'ARG ONE=1 TWO=2\nLABEL a="$ONE$TWO"',
  'LABEL one="1" "two words"=2 com.example.x-y=\'3\'\nLABEL one=again',
  'LABEL a=b \\\n  c="d \\"e\\""',
  'WORKDIR srv\nWORKDIR ../a/./b//c\nWORKDIR d e',
  'ENV HOME=/home/me\nWORKDIR $HOME/x\nWORKDIR /y\nUSER $HOME',
  'USER 1000:1000\nUSER app',
  'EXPOSE 80 443/tcp\nEXPOSE 53/udp 80\nENV P=8080\nEXPOSE $P ${P}/udp',
  'VOLUME /a /b\nVOLUME ["/c d", "/e"]\nENV V=/f\nVOLUME $V',
  'STOPSIGNAL SIGQUIT',
  'STOPSIGNAL 9',
  'CMD ["a", "$B", "c\\td"]\nENTRYPOINT ["/bin/x"]',
  'CMD echo "$A" \\\n  && b # no comment',
  'ENTRYPOINT exec top -b\nCMD [ "x" ]',
  'CMD [\'a\', "b"]',
  'cmd []\nenv A=b\nEntryPoint ["x"]',
  '# a comment\n\n  # another\n  ENV A=b\n\tLABEL c=d',
];

describe('a template', () => {
  let folder: string;
  const buildah = (...command: string[]) => {
    const storage = ['--storage-driver', 'vfs', '--root', join(folder, 'root'), '--runroot', join(folder, 'run')];
    return execFileSync('buildah', [...storage, ...command], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  };

  function configureByBuildah(template: string): Configuration {
    const context = join(folder, 'context');
    mkdirSync(context, { recursive: true });
    writeFileSync(join(context, 'Dockerfile'), template.replace('{{{ imagebuilder:parentImage }}}', 'scratch'));
    buildah('bud', '--isolation', 'chroot', '--format', 'oci', '--quiet', '--tag', 'template', context);
    const inspected = Inspected.parse(JSON.parse(buildah('inspect', '--type', 'image', 'template')));
    const { config } = inspected.OCIv1;
    const { 'io.buildah.version': _version, ...labels } = config.Labels;
    return {
      environment: Object.fromEntries(config.Env.map(pairOf)),
      labels,
      user: config.User,
      workingDirectory: config.WorkingDir,
      ports: Object.keys(config.ExposedPorts).sort(),
      volumes: Object.keys(config.Volumes).sort(),
      stopSignal: config.StopSignal,
      entrypoint: config.Entrypoint,
      command: config.Cmd ?? [],
    };
  }

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'patchbay-dockerfile-'));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(templates)('means what buildah makes of it: %j', (template) => {
    expect(configureByTemplate(from + template)).toEqual(configureByBuildah(from + template));
  });
});
