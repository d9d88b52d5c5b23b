import { patchDocumentName } from './built-in-documents.ts';
import type { CommandDocument, DocumentStep } from './command-document.ts';
import { hooksDocumentName } from './patch-hooks.ts';
import { applyDocumentName, planDocumentName } from './patch-plans.ts';
import { type PatcherSource, refuseScript, writePatcherScript } from './patcher-script.ts';

/**
 * A built-in document as an agent gets it that is not ours, Amazon's for one: what our agent carries out by itself becomes
 * a script, which does the same where it can and otherwise says at once what to do. Other documents stay as they are.
 */
export function writeForOtherAgent(name: string, content: CommandDocument, patcher: PatcherSource): CommandDocument {
  const replaceScripts = (runCommand: string[]): CommandDocument => ({
    ...content,
    mainSteps: content.mainSteps.map((step): DocumentStep => {
      const { timeoutSeconds = '60' } = step.inputs;
      // With a single step there is nothing to leave out, and Amazon's agent would tell of it in the output.
      const onFailure = content.mainSteps.length === 1 ? {} : { onFailure: 'exit' as const };
      return { ...step, action: 'aws:runShellScript', inputs: { timeoutSeconds, ...onFailure, runCommand } };
    }),
  });
  if (runsPatcherOnly(name)) return replaceScripts(writePatcherScript(patcher));
  if (name === hooksDocumentName) {
    return replaceScripts(
      refuseScript(
        "Hooks need Patchbay's own agent on the node; nothing was run. Use AWS-RunPatchBaseline, or enrol the node with that agent.",
      ),
    );
  }
  if (name === 'AWS-UpdateSSMAgent') {
    return replaceScripts(
      refuseScript('Patchbay updates its own agent only. Update the agent of this node in the way it was installed.'),
    );
  }
  return content;
}

/** Whether a document does nothing but run the patcher once. */
export function runsPatcherOnly(name: string): boolean {
  return name === patchDocumentName || name === planDocumentName || name === applyDocumentName;
}
