import {
  BindUser,
  CreateAccessKey,
  CreateUser,
  DeleteUser,
  ListAccessKeys,
  ListUsers,
  RevokeAccessKey,
  RotateAccessKey,
  UnbindUser,
} from '@patchbay/contracts';
import type { Resource } from '../operations/authorize.ts';
import type { OperationContext } from '../operations/operation.ts';
import { nextToken, startOfPage } from '../operations/pages.ts';
import { fulfil } from '../operations/registry.ts';
import { identityErrors } from './errors.ts';
import { readHomeAccountId } from './repository.ts';
import {
  bindUser,
  createAccessKey,
  createUser,
  deleteUser,
  listAccessKeys,
  listUsers,
  revokeAccessKey,
  rotateAccessKey,
  unbindUser,
} from './service.ts';

/** People stand above accounts; they belong to the installation's own, whose administrators alone manage them. */
async function identityResource(path: string, context: OperationContext): Promise<Resource> {
  const accountId = await readHomeAccountId(context.db);
  return { arn: `arn:aws:iam::${accountId}:${path}`, tags: {}, accountId };
}

const aboutUser = {
  errors: identityErrors,
  resource: ({ userName }: { readonly userName: string }, context: OperationContext) =>
    identityResource(`user/${userName}`, context),
};

const aboutKey = {
  errors: identityErrors,
  resource: ({ accessKeyId }: { readonly accessKeyId: string }, context: OperationContext) =>
    identityResource(`access-key/${accessKeyId}`, context),
};

function readPosition(text: string): { createdAt: Date; accessKeyId: string } | undefined {
  const [createdAt, accessKeyId] = text.split(' ');
  return createdAt && accessKeyId ? { createdAt: new Date(createdAt), accessKeyId } : undefined;
}

/** People, their roles in accounts, their access keys. */
export const identityContracts = [
  fulfil(CreateUser, { ...aboutUser, handle: createUser }),
  fulfil(ListUsers, {
    errors: identityErrors,
    resource: (_input, context) => identityResource('user/*', context),
    handle: async (input, context) => {
      const limit = input.maxResults ?? 50;
      const page = startOfPage('ListUsers', input, context);
      const found = await listUsers(page.after, limit + 1, context);
      return { users: found.slice(0, limit), nextToken: nextToken(page, found, limit, ({ userName }) => userName) };
    },
  }),
  fulfil(BindUser, { ...aboutUser, handle: async (input, context) => ({ user: await bindUser(input, context) }) }),
  fulfil(UnbindUser, { ...aboutUser, handle: async (input, context) => ({ user: await unbindUser(input, context) }) }),
  fulfil(DeleteUser, {
    ...aboutUser,
    handle: async ({ userName }, context) => {
      await deleteUser(userName, context);
      return {};
    },
  }),
  fulfil(CreateAccessKey, {
    ...aboutUser,
    handle: async (input, context) => ({ accessKey: await createAccessKey(input, context) }),
  }),
  fulfil(ListAccessKeys, {
    ...aboutUser,
    handle: async (input, context) => {
      const limit = input.maxResults ?? 50;
      const page = startOfPage('ListAccessKeys', input, context);
      const found = await listAccessKeys(input.userName, readPosition(page.after), limit + 1, context);
      return {
        accessKeys: found.slice(0, limit),
        nextToken: nextToken(page, found, limit, ({ createdAt, accessKeyId }) => `${createdAt} ${accessKeyId}`),
      };
    },
  }),
  fulfil(RotateAccessKey, {
    ...aboutKey,
    handle: async ({ accessKeyId }, context) => ({ accessKey: await rotateAccessKey(accessKeyId, context) }),
  }),
  fulfil(RevokeAccessKey, {
    ...aboutKey,
    handle: async ({ accessKeyId }, context) => {
      await revokeAccessKey(accessKeyId, context);
      return {};
    },
  }),
];
