import type { Word } from './words.ts';

/** A command as a list of arguments, or as text for the shell. */
export type DockerfileCommand =
  | { readonly form: 'exec'; readonly argv: readonly string[] }
  | { readonly form: 'shell'; readonly text: string };

export interface NamedWord {
  readonly name: Word;
  readonly value: Word;
}

/** A member of the image's configuration, as an instruction writes it. */
export type WrittenSetting =
  | { readonly name: 'environment'; readonly variables: readonly NamedWord[] }
  | { readonly name: 'labels'; readonly labels: readonly NamedWord[] }
  | { readonly name: 'user'; readonly user: Word }
  | { readonly name: 'working-directory'; readonly path: Word }
  | { readonly name: 'exposed-ports'; readonly ports: readonly Word[] }
  | { readonly name: 'volumes'; readonly paths: readonly Word[] }
  | { readonly name: 'stop-signal'; readonly signal: Word }
  | { readonly name: 'shell'; readonly argv: readonly string[] }
  | { readonly name: 'command'; readonly command: DockerfileCommand }
  | { readonly name: 'entrypoint'; readonly command: DockerfileCommand };

/** Where the instruction of a step begins; both count from 1. */
interface Placed {
  readonly line: number;
  readonly column: number;
}

/**
 * One step of building from a Dockerfile template, in order. FROM is none: every template begins at the parent image of the
 * recipe. `environments` is where AWS's service prepares its components; here nothing is to be done for it.
 */
export type DockerfileStep = Placed &
  (
    | { readonly kind: 'components' }
    | { readonly kind: 'environments' }
    | { readonly kind: 'argument'; readonly name: string; readonly value: Word | null; readonly isBeforeFrom: boolean }
    | { readonly kind: 'run'; readonly command: DockerfileCommand }
    | { readonly kind: 'configure'; readonly setting: WrittenSetting }
  );
