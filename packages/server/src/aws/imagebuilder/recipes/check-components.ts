import type { ComponentConfiguration } from '@aws-sdk/client-imagebuilder';
import {
  type ComponentDocument,
  ComponentParameterError,
  findContainerProblem,
  ImageBuilderArnError,
  resolveComponentVariables,
} from '@patchbay/patching';
import type { CamelCased } from '../../../operations/camel-cased.ts';
import type { OperationContext } from '../../../operations/operation.ts';
import { findComponent, readDocument } from '../components/service.ts';
import { ImageBuilderError, invalidValue } from '../errors.ts';

type WrittenComponent = CamelCased<ComponentConfiguration>;
type WrittenParameters = WrittenComponent['parameters'];

/** Image Builder's quota: build and test components of one recipe, in any combination. */
const mostComponents = 20;

export interface ComponentsOfRecipe {
  readonly components: readonly WrittenComponent[];
  /** What the parent image is known to be, such as `Debian 12`. */
  readonly osVersion: string | undefined;
  readonly isContainer: boolean;
}

/** Refuses components that there are not, that cannot be part of such an image, or whose parameters are not what they need. */
export async function checkComponents(
  { components, osVersion, isContainer }: ComponentsOfRecipe,
  context: OperationContext,
): Promise<void> {
  if (components.length > mostComponents) {
    throw new ImageBuilderError(
      'IMAGE_RESOURCE_LIMIT',
      `A recipe can have at most ${mostComponents} components; this one has ${components.length}.`,
    );
  }
  for (const [index, { componentArn = '', parameters }] of components.entries()) {
    const at = `components[${index}]`;
    const component = await findNamed(componentArn, `${at}.componentArn`, context);
    const document = readDocument(component.data);
    const problem = isContainer ? findContainerProblem(document) : null;
    if (problem !== null) throw invalidValue(`${at}.componentArn`, problem);
    const supported = component.supportedOsVersions;
    if (osVersion !== undefined && supported.length > 0 && !supported.some((each) => osVersion.startsWith(each))) {
      throw invalidValue(
        `${at}.componentArn`,
        `The component supports ${supported.join(', ')}, and the parent image is ${osVersion}.`,
      );
    }
    checkParameters(document, parameters, `${at}.parameters`);
  }
}

async function findNamed(arn: string, parameter: string, context: OperationContext) {
  try {
    const component = await findComponent(arn, context);
    if (component) return component;
  } catch (error) {
    if (!(error instanceof ImageBuilderArnError)) throw error;
    throw invalidValue(parameter, error.message);
  }
  throw invalidValue(parameter, `The component ${arn} does not exist.`);
}

/** The values that a recipe gives to the parameters of a component; each is a list on the wire, and holds one text. */
export function readComponentParameters(parameters: WrittenParameters): ReadonlyMap<string, string> {
  return new Map((parameters ?? []).map(({ name = '', value = [] }) => [name, value[0] ?? ''] as const));
}

function checkParameters(document: ComponentDocument, parameters: WrittenParameters, at: string): void {
  const known = document.parameters.map(({ name }) => name);
  const seen = new Set<string>();
  for (const [index, { name = '', value = [] }] of (parameters ?? []).entries()) {
    if (!known.includes(name)) {
      const which = known.length === 0 ? 'It has none' : `It has ${known.join(', ')}`;
      throw invalidValue(`${at}[${index}].name`, `The component has no parameter ${name}. ${which}.`);
    }
    if (seen.has(name)) throw invalidValue(`${at}[${index}].name`, `The parameter ${name} has a value already.`);
    if (value.length !== 1) {
      throw invalidValue(`${at}[${index}].value`, `The parameter ${name} is a text and takes one value.`);
    }
    seen.add(name);
  }
  try {
    resolveComponentVariables(document, readComponentParameters(parameters));
  } catch (error) {
    if (!(error instanceof ComponentParameterError)) throw error;
    throw invalidValue(at, error.message);
  }
}
