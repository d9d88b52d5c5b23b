import type { ContainerBuildOrder } from '@patchbay/contracts';
import {
  type ActionOutcome,
  type ComponentDocument,
  ComponentParameterError,
  type ComponentStepResult,
  describeDocumentProblem,
  findContainerProblem,
  orderPhases,
  readComponentDocument,
  resolveComponentVariables,
} from '@patchbay/patching';
import { type ComponentLine, createDownloader, runComponentPhase } from '../components/index.ts';
import type { Machine } from '../machine/index.ts';
import type { AllowedHosts } from '../network/index.ts';
import { BuildFailure, noPlace } from './build-failure.ts';
import type { BuildReport } from './build-report.ts';

export interface BuildComponent {
  readonly name: string;
  readonly document: ComponentDocument;
  readonly variables: ReadonlyMap<string, string>;
  /** Steps that ran on the machine that runs now. */
  earlier: readonly ComponentStepResult[];
}

/** @throws BuildFailure for a component that cannot run here at all: found before anything is done */
export function readComponents(order: ContainerBuildOrder): BuildComponent[] {
  return order.components.map(({ name, version, data, parameters }) => {
    const shown = `${name} ${version}`;
    const reading = readComponentDocument(data);
    const place = { ...noPlace, component: shown };
    if (!reading.ok) throw new BuildFailure(reading.problems.map(describeDocumentProblem).join('; '), place);
    const { document } = reading;
    const problem = findContainerProblem(document);
    if (problem !== null) throw new BuildFailure(problem, place);
    const given = new Map(Object.entries(parameters));
    try {
      return { name: shown, document, variables: resolveComponentVariables(document, given), earlier: [] };
    } catch (error) {
      if (error instanceof ComponentParameterError) throw new BuildFailure(error.message, place);
      throw error;
    }
  });
}

export interface ComponentStage {
  readonly machine: Machine;
  readonly environment: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
  readonly hosts: AllowedHosts;
  readonly report: BuildReport;
  readonly signal: AbortSignal;
  readonly now: () => Date;
  readonly updateOperatingSystem: (
    selection: { readonly include: readonly string[]; readonly exclude: readonly string[] },
    report: (line: string) => void,
  ) => Promise<ActionOutcome>;
}

/** What of a step's output tells why it failed. */
const mostOutputCharacters = 4_000;

/**
 * Runs the phases of a stage, all components' build before any validate (user guide, "How Image Builder works").
 * @throws BuildFailure with component, phase and step of the first that failed
 */
export async function runComponents(
  components: readonly BuildComponent[],
  stageName: 'build' | 'test',
  stage: ComponentStage,
): Promise<void> {
  const documents = components.map(({ document }) => document);
  for (const { component: position, phase } of orderPhases(documents, stageName)) {
    const component = components[position];
    if (component !== undefined) await runPhase(component, phase, stage);
  }
}

async function runPhase(component: BuildComponent, phase: string, stage: ComponentStage): Promise<void> {
  const { name, document, variables } = component;
  const { machine, environment, workingDirectory, hosts, report, signal, now, updateOperatingSystem } = stage;
  const output = new Map<string, string>();
  const onLine = ({ step, stream, text }: ComponentLine) => {
    report.say(text, { component: name, phase, componentStep: step, stream });
    if (stream !== 'info') output.set(step, `${output.get(step) ?? ''}${text}\n`.slice(-mostOutputCharacters));
  };
  report.say(`Component ${name}, phase ${phase}`);
  const result = await runComponentPhase({
    machine,
    document,
    variables,
    phases: [phase],
    earlier: component.earlier,
    environment,
    workingDirectory,
    canReboot: false,
    signal,
    now,
    onLine,
    download: createDownloader({ environment: process.env, hosts }),
    updateOperatingSystem: ({ include, exclude, report: tell }) => updateOperatingSystem({ include, exclude }, tell),
    fetchComponent: async () => ({
      ok: false,
      message: 'a builder knows only the components of its recipe: put this one into the recipe',
    }),
  });
  const steps = result.phases.flatMap((each) => each.steps);
  component.earlier = [...component.earlier, ...steps];
  if (result.status !== 'Failed') return;
  const failed = steps.find(({ status }) => status === 'Failed');
  const step = failed?.step ?? '';
  throw new BuildFailure(failed?.failureMessage || 'the phase failed', {
    component: name,
    phase,
    componentStep: step,
    output: output.get(step) ?? '',
  });
}
