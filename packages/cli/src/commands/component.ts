import {
  type ComponentFile,
  ComponentRunError,
  choosePhases,
  describeLine,
  describeProblem,
  describeResult,
  findRootProblem,
  readComponentFile,
  readParameters,
  runComponentFile,
  summarizeSteps,
} from '@patchbay/agent';
import { Command, Option } from 'commander';
import { collect } from '../repeated-option.ts';
import { waitForStopSignal } from '../stop-signals.ts';

interface RunFlags {
  readonly root: string;
  readonly phase?: string;
  readonly parameter: readonly string[];
  readonly workingDirectory: string;
  readonly baseline?: string;
  readonly clock: string;
  readonly log?: string;
  readonly network: string;
  readonly output: 'text' | 'json';
}

const defaultClock = '/var/cache/patchbay/component';

/** `patchbay component`: component documents, as Image Builder has them. */
export const componentCommand = new Command('component').description(
  'Check component documents of Image Builder, and run them in a root file system',
);

/** Prints every mistake of a document; null when there are some. */
function readOrTell(file: string): Extract<ComponentFile, { readonly ok: true }> | null {
  const read = readComponentFile(file);
  if (read.ok) return read;
  for (const problem of read.problems) console.error(describeProblem(file, problem));
  return null;
}

/** Null for the network of the host. */
function readNetwork(option: string): readonly string[] | null {
  if (option === 'host') return null;
  return option === 'none' ? [] : option.split(',').map((host) => host.trim());
}

componentCommand
  .command('check <file>')
  .description('Read a component document and print every mistake with its line and column (exit: 0 none, 1 some)')
  .action((file: string) => {
    const read = readOrTell(file);
    if (read === null) {
      process.exitCode = 1;
      return;
    }
    const { phases } = read.document;
    console.log(
      `${file}: no mistakes. Phases: ${phases.map(({ name, steps }) => `${name} (${steps.length})`).join(', ')}`,
    );
    const problem = findRootProblem(read.document);
    if (problem !== null) console.log(`Not for containers: ${problem}`);
  });

componentCommand
  .command('run <file>')
  .description('Run a component in a root file system, without a control plane')
  .requiredOption('--root <directory>', 'the root file system that the steps change')
  .option('--phase <names>', 'build,validate,test: only these (default: all of the document)')
  .option('--parameter <name=value>', 'a parameter of the component; may be repeated', collect, [])
  .option('--working-directory <path>', 'where steps begin, as seen in the root', '/tmp')
  .option('--baseline <file>', 'for UpdateOS: as aws ssm get-patch-baseline prints it (default: the predefined one)')
  .option('--clock <directory>', 'for UpdateOS: where first sightings of versions are kept', defaultClock)
  .option(
    '--network <hosts>',
    'what steps reach: host (as this machine does), none, or deb.example.com,*.example.org,10.0.0.1:8080 by a proxy',
    'host',
  )
  .option(
    '--log <directory>',
    'make a folder in it with console.log, detailedoutput.json, chaining.json, document.yaml',
  )
  .addOption(new Option('--output <format>', 'how to print the end').choices(['text', 'json']).default('text'))
  .addHelpText(
    'after',
    `
Steps run as root in the directory, in namespaces of their own: they cannot leave it. What they start ends with the step.
Exit status: 0 all succeeded, 1 a step failed or the document has mistakes, 2 an error, 130 interrupted.`,
  )
  .action(async (file: string, flags: RunFlags) => {
    const read = readOrTell(file);
    const problem = read === null ? null : findRootProblem(read.document);
    if (problem !== null) console.error(problem);
    if (read === null || problem !== null) {
      process.exitCode = 1;
      return;
    }
    const { document } = read;
    const stop = new AbortController();
    let current = '';
    const stopWhenTold = async () => {
      const signal = await waitForStopSignal();
      console.error(`${signal}: ending ${current === '' ? 'the run' : `step ${current}`} with all that it started.`);
      stop.abort();
    };
    void stopWhenTold();
    // What is read by a program is on its own stream.
    const print = flags.output === 'json' ? console.error : console.log;
    try {
      const result = await runComponentFile({
        document,
        text: read.text,
        parameters: readParameters(flags.parameter),
        phases: choosePhases(document, flags.phase),
        root: flags.root,
        workingDirectory: flags.workingDirectory,
        baselineFile: flags.baseline ?? null,
        clockDirectory: flags.clock,
        logDirectory: flags.log ?? null,
        allowedHosts: readNetwork(flags.network),
        signal: stop.signal,
        onLine: (line) => {
          current = `${line.phase}/${line.step}`;
          print(describeLine(line));
        },
      });
      if (flags.output === 'json') {
        const { status, logDirectory } = result;
        console.log(JSON.stringify({ status, steps: summarizeSteps(result), logDirectory }, null, 2));
      } else {
        for (const line of ['', ...describeResult(result)]) console.log(line);
        if (result.logDirectory !== null) console.log(`Logs: ${result.logDirectory}`);
      }
      process.exitCode = result.status === 'Failed' ? 1 : 0;
    } catch (error) {
      if (!(error instanceof ComponentRunError)) throw error;
      console.error(
        `Stopped in ${current || 'the beginning'}. What ran has ended; what it changed in ${flags.root} stays.`,
      );
      process.exitCode = 130;
    }
  });
