import { AppError } from '@patchbay/facts';

/** Why the agent cannot start or go on. The message says what to do about it. */
export class AgentError extends AppError<
  | 'ENDPOINT_INVALID'
  | 'CA_REFUSED'
  | 'NOT_ENROLLED'
  | 'ACTIVATION_REFUSED'
  | 'ENROLMENT_FAILED'
  | 'ENROLMENT_MISMATCH'
  | 'STATE_NOT_PRIVATE'
  | 'STATE_FOREIGN'
  | 'STATE_DAMAGED'
  | 'STATE_IN_USE'
  | 'ROOT_IN_USE'
  | 'RUN_EXISTS'
  | 'ORDER_UNREADABLE'
> {}
