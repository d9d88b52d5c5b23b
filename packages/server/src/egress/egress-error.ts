import { AppError } from '@patchbay/facts';

/** Why something outside could not be fetched. */
export class EgressError extends AppError<
  | 'EGRESS_ADDRESS'
  | 'EGRESS_REFUSED'
  | 'EGRESS_UNREACHABLE'
  | 'EGRESS_TIMEOUT'
  | 'EGRESS_TOO_LARGE'
  | 'EGRESS_STATUS'
  | 'EGRESS_RULE'
> {}
