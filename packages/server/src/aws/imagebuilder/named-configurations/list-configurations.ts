import type { OperationContext } from '../../../operations/operation.ts';
import { nextToken, startOfPage } from '../../../operations/pages.ts';
import { readTagsOfMany } from '../../ssm/tags/repository.ts';
import { readFilters, valuesOf } from '../filters.ts';
import { type ConfigurationType, listConfigurationRows } from './repository.ts';
import { configurationArn, type NamedConfiguration } from './service.ts';

interface ListInput {
  readonly filters?:
    | readonly { readonly name?: string | undefined; readonly values?: string[] | undefined }[]
    | undefined;
  readonly maxResults?: number | undefined;
  readonly nextToken?: string | undefined;
}

/** A page of the configurations of a type, and the token of the next. `operation` is the one that asks. */
export async function listConfigurations<Type extends ConfigurationType>(
  operation: string,
  type: Type,
  input: ListInput,
  context: OperationContext,
): Promise<{ configurations: NamedConfiguration<Type>[]; nextToken: string | undefined }> {
  const filters = readFilters(input.filters, ['name']);
  const page = startOfPage(operation, input, context);
  const limit = input.maxResults ?? 25;
  const found = await listConfigurationRows(context.db, context, type, {
    reach: context.reach,
    names: valuesOf(filters, 'name'),
    afterArnName: page.after,
    limit: limit + 1,
  });
  const shown = found.slice(0, limit);
  const arnNames = shown.map(({ arnName }) => arnName);
  const tags = await readTagsOfMany(context.db, context, type, arnNames);
  return {
    configurations: shown.map((row) => ({
      ...row,
      arn: configurationArn(context, type, row.arnName),
      tags: Object.fromEntries(tags.get(row.arnName) ?? []),
    })),
    nextToken: nextToken(page, found, limit, ({ arnName }) => arnName),
  };
}
