import { randomUUID } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  BeginPatchOperation,
  CompletePatchOperation,
  type ImageBuildLease,
  SubmitChangelogs,
  SubmitFacts,
} from '@patchbay/contracts';
import type { NodeFacts } from '@patchbay/facts';
import type { PinnedKey } from '../authorization.ts';
import type { ControlPlaneClient } from '../client/index.ts';
import { compileSelection, everyPackage, type PackageSelection } from '../local-control-plane/select-packages.ts';
import { type Machine, type MachineNetwork, openMachine } from '../machine/index.ts';
import { runPatchOperation } from '../patcher/run.ts';
import type { ServerCalls } from '../patcher/submit-facts.ts';

export interface ImagePatchRequest {
  readonly operation: 'Scan' | 'Install';
  /** The mounted root file system of the image. */
  readonly rootDirectory: string;
  /** Kept between images, for package lists and downloads; one image at a time. */
  readonly workDirectory: string;
  readonly lease: ImageBuildLease;
  readonly client: Pick<ControlPlaneClient, 'callPatchbay' | 'now'>;
  readonly key: PinnedKey;
  readonly network: MachineNetwork;
  readonly selection?: PackageSelection;
  readonly signal: AbortSignal;
  readonly report: (line: string) => void;
}

export interface ImagePatchResult {
  /** 1 where something failed, or the image cannot be judged. */
  readonly exitCode: number;
  /** What was handed in last, and its id. */
  readonly facts: NodeFacts | null;
  readonly factsId: string | null;
  readonly status: 'compliant' | 'non-compliant' | 'unknown' | null;
  readonly complaints: readonly string[];
}

/** A control plane may be away for ten minutes before a build fails for it. */
const patientAttempts = 35;

/**
 * Scans or patches the root file system of an image as the patcher does a node's: the control plane judges the image by the
 * baseline of its recipe, and signs what may be done.
 * @throws MachineError, PatcherError, ServerError, UnreachableError
 */
export async function patchImage(request: ImagePatchRequest): Promise<ImagePatchResult> {
  const { operation, workDirectory, lease, client, key, signal, report } = request;
  const runId = randomUUID();
  const runDirectory = join(workDirectory, 'runs', runId);
  mkdirSync(runDirectory, { recursive: true, mode: 0o700 });
  // What is between two transactions looks for this file.
  const cancel = () => writeFileSync(join(runDirectory, 'cancel-requested'), '');
  signal.addEventListener('abort', cancel, { once: true });
  if (signal.aborted) cancel();
  const complaints: string[] = [];
  let facts: NodeFacts | null = null;
  const heard: { factsId: string | null; status: ImagePatchResult['status'] } = { factsId: null, status: null };
  try {
    const exitCode = await runPatchOperation(
      {
        runId,
        commandId: null,
        stepName: '',
        operation,
        rebootOption: 'NoReboot',
        snapshotId: '',
        stateDirectory: workDirectory,
      },
      {
        nodeId: lease.imageId,
        key,
        openMachine: (access) => openRoot(request, access),
        isDisposable: true,
        cacheDirectory: join(workDirectory, 'facts'),
        stateFile: join(runDirectory, 'patcher-state.json'),
        runDirectory,
        server: speakForImage(client, lease, request.selection ?? everyPackage, heard),
        clockAheadSeconds: null,
        report,
        complain: (line) => {
          complaints.push(line);
          report(line);
        },
        recordCounts: () => {},
        recordFacts: (found) => {
          facts = found;
        },
      },
    );
    return { exitCode, facts, ...heard, complaints };
  } finally {
    signal.removeEventListener('abort', cancel);
    rmSync(runDirectory, { recursive: true, force: true });
  }
}

async function openRoot(request: ImagePatchRequest, access: Machine['access']) {
  const { rootDirectory, workDirectory, network, signal } = request;
  const work = join(workDirectory, 'work');
  const machine = await openMachine({ root: rootDirectory, workDirectory: work, access, network });
  return { ...machine, run: (command: Parameters<Machine['run']>[0]) => machine.run({ signal, ...command }) };
}

/** Every call of the patcher, made for the image; what is not selected is not among the targets. */
function speakForImage(
  client: ImagePatchRequest['client'],
  imageBuild: ImageBuildLease,
  selection: PackageSelection,
  heard: { factsId: string | null; status: ImagePatchResult['status'] },
): ServerCalls {
  const whyNot = compileSelection(selection);
  return {
    now: () => client.now(),
    callPatchbay: async (contract, input, options) => {
      const answer = await client.callPatchbay(contract, { ...(input as object), imageBuild } as typeof input, {
        attempts: patientAttempts,
        ...options,
      });
      switch (contract.name) {
        case SubmitFacts.name:
          heard.factsId = SubmitFacts.output.parse(answer).factsId ?? heard.factsId;
          return answer;
        case CompletePatchOperation.name:
          heard.status = CompletePatchOperation.output.parse(answer).status;
          return answer;
        case BeginPatchOperation.name:
        case SubmitChangelogs.name: {
          const begun = BeginPatchOperation.output.parse(answer);
          const targets = begun.targets.filter(({ name }) => whyNot(name) === null);
          const blocked = [...begun.blocked, ...selection.exclude];
          return { ...begun, targets, blocked } as typeof answer;
        }
        default:
          return answer;
      }
    },
  };
}
