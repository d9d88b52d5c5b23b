import { PatchOrder } from '@patchbay/contracts';
import { AgentError } from '../agent-error.ts';

/** The order as AWS-RunPatchBaseline hands it over: base64 of JSON. @throws AgentError ORDER_UNREADABLE */
export function readPatchOrder(text: string): PatchOrder {
  try {
    return PatchOrder.parse(JSON.parse(Buffer.from(text, 'base64').toString('utf8')));
  } catch (cause) {
    throw new AgentError('ORDER_UNREADABLE', 'This is no order of a control plane: AWS-RunPatchBaseline brings them.', {
      cause,
    });
  }
}
