import { AppError } from '@patchbay/facts';
import type { ErrorTable } from '../../../operations/operation.ts';

export class ComplianceError extends AppError<
  'COMPLIANCE_FILTER' | 'COMPLIANCE_RESOURCE_ID' | 'COMPLIANCE_RESOURCE_TYPE'
> {}

export const complianceErrors: ErrorTable = {
  COMPLIANCE_FILTER: 'InvalidFilter',
  COMPLIANCE_RESOURCE_ID: 'InvalidResourceId',
  COMPLIANCE_RESOURCE_TYPE: 'InvalidResourceType',
};
