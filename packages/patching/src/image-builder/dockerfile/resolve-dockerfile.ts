import { DockerfileError, InstructionProblem } from './dockerfile-error.ts';
import type { DockerfileCommand, DockerfileStep, NamedWord, WrittenSetting } from './dockerfile-step.ts';
import { expandWord, type Word } from './words.ts';

/** What an image says that the instructions of a template build upon. */
export interface ImageBase {
  readonly environment: ReadonlyMap<string, string>;
  /** Absolute; `/` where the image says nothing. */
  readonly workingDirectory: string;
  /** Null where the image says nothing: root. */
  readonly user: string | null;
}

/** A member of the image's configuration with its value. */
export type ImageSetting =
  | { readonly name: 'environment'; readonly variables: ReadonlyMap<string, string> }
  | { readonly name: 'labels'; readonly labels: ReadonlyMap<string, string> }
  | { readonly name: 'user'; readonly user: string }
  /** Absolute. Docker makes the directory where there is none. */
  | { readonly name: 'working-directory'; readonly path: string }
  /** As `80/tcp`. */
  | { readonly name: 'exposed-ports'; readonly ports: readonly string[] }
  | { readonly name: 'volumes'; readonly paths: readonly string[] }
  | { readonly name: 'stop-signal'; readonly signal: string }
  | { readonly name: 'command'; readonly argv: readonly string[] }
  /** Docker forgets the command of the parent image, but not one that the template set before. */
  | { readonly name: 'entrypoint'; readonly argv: readonly string[]; readonly clearsCommand: boolean };

/** A step with all that it takes to carry it out. */
export type ResolvedDockerfileStep =
  | { readonly kind: 'components' }
  | {
      readonly kind: 'run';
      readonly argv: readonly string[];
      /** Of the image so far, and of ARG. */
      readonly environment: ReadonlyMap<string, string>;
      readonly workingDirectory: string;
      readonly user: string | null;
    }
  | { readonly kind: 'configure'; readonly setting: ImageSetting };

/**
 * The steps with every variable replaced, on an image (Dockerfile reference, "Environment replacement"). Throws DockerfileError
 * where a value cannot be used.
 */
export function resolveDockerfile(steps: readonly DockerfileStep[], base: ImageBase): ResolvedDockerfileStep[] {
  const state = new BuildState(base);
  return steps.flatMap((step) => {
    try {
      return state.resolve(step);
    } catch (error) {
      if (!(error instanceof InstructionProblem)) throw error;
      const { line, column } = step;
      throw new DockerfileError([{ line, column, message: error.message }]);
    }
  });
}

/** What Docker gives to an image that says nothing. */
const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

class BuildState {
  /** Of ARG before FROM: what an ARG after it without a value takes. */
  readonly #globalArguments = new Map<string, string>();
  readonly #arguments = new Map<string, string>();
  readonly #environment: Map<string, string>;
  #workingDirectory: string;
  #user: string | null;
  #shell: readonly string[] = ['/bin/sh', '-c'];
  #hasCommand = false;

  constructor({ environment, workingDirectory, user }: ImageBase) {
    this.#environment = new Map([['PATH', defaultPath], ...environment]);
    this.#workingDirectory = workingDirectory;
    this.#user = user;
  }

  resolve(step: DockerfileStep): ResolvedDockerfileStep[] {
    switch (step.kind) {
      case 'components':
        return [{ kind: 'components' }];
      case 'environments':
        return [];
      case 'argument':
        this.#declare(step);
        return [];
      case 'run':
        return [
          {
            kind: 'run',
            argv: this.#argvOf(step.command),
            environment: this.#variables(),
            workingDirectory: this.#workingDirectory,
            user: this.#user,
          },
        ];
      case 'configure': {
        const setting = this.#apply(step.setting);
        return setting === null ? [] : [{ kind: 'configure', setting }];
      }
    }
  }

  /** ENV wins over ARG (Dockerfile reference, "Using ARG variables"). */
  #variables(): ReadonlyMap<string, string> {
    return new Map([...this.#arguments, ...this.#environment]);
  }

  #expand(word: Word): string {
    return expandWord(word, this.#variables());
  }

  #argvOf(command: DockerfileCommand): readonly string[] {
    return command.form === 'exec' ? command.argv : [...this.#shell, command.text];
  }

  #declare({ name, value, isBeforeFrom }: Extract<DockerfileStep, { kind: 'argument' }>): void {
    if (isBeforeFrom) {
      if (value !== null) this.#globalArguments.set(name, expandWord(value, this.#globalArguments));
      return;
    }
    const given = value === null ? this.#globalArguments.get(name) : this.#expand(value);
    if (given !== undefined) this.#arguments.set(name, given);
  }

  #expandNamed(words: readonly NamedWord[]): ReadonlyMap<string, string> {
    const variables = this.#variables();
    return new Map(
      words.map(({ name, value }) => {
        const expanded = expandWord(name, variables);
        if (expanded === '') throw new InstructionProblem('a name that comes to nothing');
        if (expanded.includes('=')) throw new InstructionProblem('a name that holds =');
        return [expanded, expandWord(value, variables)] as const;
      }),
    );
  }

  #apply(setting: WrittenSetting): ImageSetting | null {
    switch (setting.name) {
      case 'environment': {
        const variables = this.#expandNamed(setting.variables);
        for (const [name, value] of variables) this.#environment.set(name, value);
        return { name: 'environment', variables };
      }
      case 'labels':
        return { name: 'labels', labels: this.#expandNamed(setting.labels) };
      case 'user':
        this.#user = this.#expandSome(setting.user, 'USER');
        return { name: 'user', user: this.#user };
      case 'working-directory':
        this.#workingDirectory = joinPath(this.#workingDirectory, this.#expandSome(setting.path, 'WORKDIR'));
        return { name: 'working-directory', path: this.#workingDirectory };
      case 'exposed-ports':
        return { name: 'exposed-ports', ports: setting.ports.flatMap((port) => readPorts(this.#expand(port))) };
      case 'volumes':
        return { name: 'volumes', paths: setting.paths.map((path) => this.#expandSome(path, 'VOLUME')) };
      case 'stop-signal':
        return { name: 'stop-signal', signal: readSignal(this.#expand(setting.signal)) };
      case 'shell':
        this.#shell = setting.argv;
        return null;
      case 'command':
        this.#hasCommand = true;
        return { name: 'command', argv: this.#argvOf(setting.command) };
      case 'entrypoint':
        return { name: 'entrypoint', argv: this.#argvOf(setting.command), clearsCommand: !this.#hasCommand };
    }
  }

  #expandSome(word: Word, keyword: string): string {
    const text = this.#expand(word);
    if (text.trim() === '') throw new InstructionProblem(`${keyword} comes to nothing`);
    return text;
  }
}

/** An absolute path without `.` and `..`. */
function joinPath(directory: string, path: string): string {
  const parts: string[] = [];
  for (const part of (path.startsWith('/') ? path : `${directory}/${path}`).split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

/** A variable may hold several. */
function readPorts(text: string): string[] {
  return text
    .split(/\s+/)
    .filter((port) => port !== '')
    .map((port) => {
      const [, number = '', protocol = 'tcp'] = /^([0-9]{1,5})(?:\/(tcp|udp|sctp))?$/i.exec(port) ?? [];
      if (number !== '' && Number(number) >= 1 && Number(number) <= 65_535) {
        return `${Number(number)}/${protocol.toLowerCase()}`;
      }
      throw new InstructionProblem(
        `EXPOSE takes ports one by one, such as 80 or 53/udp, found ${JSON.stringify(port)}`,
      );
    });
}

function readSignal(text: string): string {
  if (/^(?:SIG[A-Z0-9+-]{2,12}|[A-Z][A-Z0-9+-]{1,12}|[1-9][0-9]?)$/.test(text)) return text;
  throw new InstructionProblem(`STOPSIGNAL takes a signal such as SIGTERM or 15, found ${JSON.stringify(text)}`);
}
