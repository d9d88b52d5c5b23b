import type { OperationContext } from '../../../operations/operation.ts';
import { ImageBuilderError } from '../errors.ts';
import {
  type ConfigurationRequest,
  createConfiguration,
  updateConfiguration,
} from '../named-configurations/service.ts';
import { type InfrastructureDefinition, infrastructureConfigurationType } from './tables.ts';

/** AWS's model: "If you specify both, Image Builder returns an error." */
function checkDefinition({ placement }: InfrastructureDefinition): void {
  if (placement?.hostId === undefined || placement.hostResourceGroupArn === undefined) return;
  throw new ImageBuilderError(
    'IMAGE_PARAMETER_COMBINATION',
    'placement has both hostId and hostResourceGroupArn: give one of them.',
  );
}

export async function createInfrastructureConfiguration(
  configuration: ConfigurationRequest<InfrastructureDefinition>,
  context: OperationContext,
): Promise<string> {
  checkDefinition(configuration.definition);
  return await createConfiguration(configuration, infrastructureConfigurationType, context);
}

export async function updateInfrastructureConfiguration(
  arn: string,
  definition: InfrastructureDefinition,
  context: OperationContext,
): Promise<void> {
  checkDefinition(definition);
  await updateConfiguration(arn, infrastructureConfigurationType, definition, context);
}
