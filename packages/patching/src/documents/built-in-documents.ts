import type { CommandDocument } from './command-document.ts';
import { hooksDocumentName, noop, noopDocumentName, runPatchBaselineWithHooks } from './patch-hooks.ts';
import { applyDocumentName, applyPlan, planDocumentName, planPatches } from './patch-plans.ts';

/** The document that patches. */
export const patchDocumentName = 'AWS-RunPatchBaseline';

const GUID = '[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}';

/** An address as AWS takes it, or a file that the operator put into the control plane's overrides directory. */
const overridePattern = `^$|^(https|s3)://[^\\s'"\`$;|<>\\\\]+$|^patchbay-override:[A-Za-z0-9][A-Za-z0-9._-]{0,127}$`;

/**
 * Scans or installs. Parameters as in the SSM user guide, "SSM Command document for patching: AWS-RunPatchBaseline". Our
 * agent runs its own patcher for the step PatchLinux and takes the parameters from the command; another agent gets a
 * script that fetches the patcher (`writeForOtherAgent`). No parameter ever becomes shell text.
 */
const runPatchBaseline: CommandDocument = {
  schemaVersion: '2.2',
  description: 'Compares a node with its patch baseline, or installs what the baseline approves and the node lacks.',
  parameters: {
    Operation: {
      type: 'String',
      description: 'Scan looks and changes nothing. Install brings in the approved patches.',
      allowedValues: ['Scan', 'Install'],
    },
    AssociationId: {
      type: 'String',
      description: 'Association whose compliance the result belongs to; empty for none.',
      default: '',
      allowedPattern: `^(${GUID})?$`,
    },
    SnapshotId: {
      type: 'String',
      description: 'Names one set of approvals that several nodes share; empty for none.',
      default: '',
      allowedPattern: `^(${GUID})?$`,
    },
    InstallOverrideList: {
      type: 'String',
      description:
        'Address (https, or patchbay-override:NAME) of a list of patches that replaces the baseline for one Install.',
      default: '',
      allowedPattern: overridePattern,
    },
    BaselineOverride: {
      type: 'String',
      description:
        'Address (https, or patchbay-override:NAME) of baselines that replace the registered one for this run.',
      default: '',
      allowedPattern: overridePattern,
    },
    RebootOption: {
      type: 'String',
      description: 'RebootIfNeeded restarts the node where a patch needs it; NoReboot leaves that to you.',
      default: 'RebootIfNeeded',
      allowedValues: ['RebootIfNeeded', 'NoReboot'],
    },
  },
  mainSteps: [
    {
      action: 'aws:runShellScript',
      name: 'PatchLinux',
      precondition: { StringEquals: ['platformType', 'Linux'] },
      inputs: {
        timeoutSeconds: '7200',
        onFailure: 'exit',
        runCommand: [
          '#!/bin/sh',
          'echo "This node has no Patchbay patcher, so nothing was scanned or installed." >&2',
          'echo "Enrol it with the Patchbay agent, which brings the patcher along." >&2',
          'exit 1',
        ],
      },
    },
  ],
};

/** Runs commands of the caller's own; nodes allow it only where their policy file says so. */
const runShellScript: CommandDocument = {
  schemaVersion: '2.2',
  description: 'Runs shell commands on Linux nodes, one after another in one script.',
  parameters: {
    commands: { type: 'StringList', description: 'Lines of the script.', minItems: 1, displayType: 'textarea' },
    workingDirectory: {
      type: 'String',
      description: 'Directory to run in; empty for the default of the agent.',
      default: '',
      maxChars: 4096,
    },
    executionTimeout: {
      type: 'String',
      description: 'Seconds, 1 to 172800, after which the script is stopped and counts as failed.',
      default: '3600',
      allowedPattern: '^([1-9][0-9]{0,4}|1[0-6][0-9]{4}|17[01][0-9]{3}|172[0-7][0-9]{2}|172800)$',
    },
  },
  mainSteps: [
    {
      action: 'aws:runShellScript',
      name: 'runShellScript',
      inputs: {
        runCommand: '{{ commands }}',
        workingDirectory: '{{ workingDirectory }}',
        timeoutSeconds: '{{ executionTimeout }}',
      },
    },
  ],
};

/**
 * Puts another version of the agent on a node. Parameters as in the SSM user guide, "Updating the SSM Agent using Run
 * Command". Our agent carries it out itself; an agent that does not know the plugin fails.
 */
const updateAgent: CommandDocument = {
  schemaVersion: '2.2',
  description: 'Updates the agent of a node from its control plane, and puts the old version back when that fails.',
  parameters: {
    version: {
      type: 'String',
      description: 'Version to install; empty for the newest that the control plane serves.',
      default: '',
      allowedPattern: '^$|^[0-9]{1,6}(\\.[0-9]{1,6}){2,3}$',
    },
    allowDowngrade: {
      type: 'String',
      description: 'Whether an older version than the installed one may be installed.',
      default: 'false',
      allowedValues: ['true', 'false'],
    },
  },
  mainSteps: [
    {
      action: 'aws:updateSsmAgent',
      name: 'updateSsmAgent',
      inputs: {
        agentName: 'patchbay-agent',
        targetVersion: '{{ version }}',
        allowDowngrade: '{{ allowDowngrade }}',
      },
    },
  ],
};

/**
 * Runs a document from elsewhere. Parameters as in the SSM user guide, "Running documents from remote locations"; an empty
 * documentPath means the one file that was downloaded.
 */
const runDocument: CommandDocument = {
  schemaVersion: '2.2',
  description: 'Downloads a document, from an https address or from this control plane, and runs it.',
  parameters: {
    sourceType: {
      type: 'String',
      description: 'Where the document is.',
      allowedValues: ['HTTP', 'SSMDocument'],
    },
    sourceInfo: {
      type: 'StringMap',
      description: 'What to download, as JSON: {"url": ..., "sha256": ...} for HTTP, {"name": ...} for SSMDocument.',
      displayType: 'textarea',
    },
    documentPath: {
      type: 'String',
      description: 'File to run below what was downloaded; empty for the file itself.',
      default: '',
      maxChars: 4096,
    },
    documentParameters: {
      type: 'StringMap',
      description: 'Parameters of the document, as JSON.',
      default: {},
      displayType: 'textarea',
    },
  },
  mainSteps: [
    {
      action: 'aws:downloadContent',
      name: 'downloadContent',
      inputs: { onFailure: 'exit', sourceType: '{{ sourceType }}', sourceInfo: '{{ sourceInfo }}' },
    },
    {
      action: 'aws:runDocument',
      name: 'runDocument',
      inputs: {
        documentType: 'LocalPath',
        documentPath: '{{ documentPath }}',
        documentParameters: '{{ documentParameters }}',
      },
    },
  ],
};

/** The documents that exist without anybody creating them, by name. */
export const builtInDocuments: Readonly<Record<string, CommandDocument>> = {
  [noopDocumentName]: noop,
  [patchDocumentName]: runPatchBaseline,
  [hooksDocumentName]: runPatchBaselineWithHooks,
  'AWS-RunDocument': runDocument,
  'AWS-RunShellScript': runShellScript,
  'AWS-UpdateSSMAgent': updateAgent,
  [applyDocumentName]: applyPlan,
  [planDocumentName]: planPatches,
};
