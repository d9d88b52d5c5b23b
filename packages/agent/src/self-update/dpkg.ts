import { spawn } from 'node:child_process';

export interface InstalledPackage {
  readonly version: string;
  /** Unpacked and configured, with nothing left to do. */
  readonly isWhole: boolean;
}

/** What an update asks of the package manager. */
export interface Dpkg {
  readArchitecture(): Promise<string>;
  /** Null where the package is not installed. */
  findInstalled(name: string): Promise<InstalledPackage | null>;
  /** Installs one file, also an older version. @returns whether dpkg was content; what it says goes to `report` */
  install(file: string, report: (line: string) => void): Promise<boolean>;
}

const environment = {
  PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
  LC_ALL: 'C.UTF-8',
  DEBIAN_FRONTEND: 'noninteractive',
};

/** dpkg of this host. */
export const hostDpkg: Dpkg = {
  readArchitecture: async () => (await run(['dpkg', '--print-architecture'])).output.trim(),
  async findInstalled(name) {
    const format = '--showformat=${db:Status-Status} ${Version}';
    const { exitCode, output } = await run(['dpkg-query', '--show', format, name]);
    const [status = '', version = ''] = output.trim().split(' ');
    return exitCode !== 0 || version === '' ? null : { version, isWhole: status === 'installed' };
  },
  async install(file, report) {
    const { exitCode } = await run(['dpkg', '--force-confold', '--install', file], report);
    return exitCode === 0;
  },
};

function run(
  [program, ...parameters]: readonly [string, ...string[]],
  report: (line: string) => void = () => {},
): Promise<{ exitCode: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, parameters, { stdio: ['ignore', 'pipe', 'pipe'], env: environment, cwd: '/' });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    child.on('error', reject);
    child.on('close', (exitCode) => {
      for (const each of output.split('\n').filter((text) => text !== '')) report(each);
      resolve({ exitCode, output });
    });
  });
}
