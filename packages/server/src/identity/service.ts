import type { AccessKeySummary, NewAccessKey, Role, TagLimit, UserSummary } from '@patchbay/contracts';
import type { OperationContext } from '../operations/operation.ts';
import { IdentityError } from './errors.ts';
import { announceAccessChange } from './recent-claims.ts';
import {
  type AccessKey,
  deleteBindings,
  existsAdministrator,
  findAccessKey,
  findUser,
  insertAccessKey,
  insertUser,
  listBindings,
  lockIdentity,
  markUserDeleted,
  pageAccessKeys,
  pageUsers,
  readHomeAccountId,
  revokeKeys,
  type User,
  writeBinding,
} from './repository.ts';

export interface RoleRequest {
  readonly userName: string;
  /** Absent: the installation's own. */
  readonly accountId?: string | undefined;
  readonly role: Role;
}

/**
 * One change at a time, and only such that leave somebody who can sign and is administrator of the installation's own
 * account without limits: nobody else could put people right again.
 */
async function changeIdentity<Result>(context: OperationContext, change: () => Promise<Result>): Promise<Result> {
  const { db } = context;
  await lockIdentity(db);
  const result = await change();
  if (!(await existsAdministrator(db, await readHomeAccountId(db)))) {
    throw new IdentityError(
      'LAST_ADMINISTRATOR',
      'This would leave the installation without an administrator who can sign. Make another administrator without tag limits first.',
    );
  }
  await announceAccessChange(context);
  return result;
}

async function requireUser(userName: string, context: OperationContext): Promise<User> {
  const user = await findUser(context.db, userName);
  if (!user || user.deletedAt) throw new IdentityError('USER_NOT_FOUND', `There is no user ${userName}.`);
  return user;
}

async function requireKey(accessKeyId: string, context: OperationContext): Promise<AccessKey> {
  const key = await findAccessKey(context.db, accessKeyId);
  if (!key) throw new IdentityError('KEY_NOT_FOUND', `There is no access key ${accessKeyId}.`);
  return key;
}

async function summarizeUsers(users: readonly User[], context: OperationContext): Promise<UserSummary[]> {
  const bindings = await listBindings(
    context.db,
    users.map(({ userName }) => userName),
  );
  return users.map(({ userName, createdAt }) => ({
    userName,
    createdAt: createdAt.toISOString(),
    bindings: bindings
      .filter((binding) => binding.userName === userName)
      .map(({ accountId, role, tagLimits }) => ({ accountId, role, tagLimits })),
  }));
}

async function summarizeUser(user: User, context: OperationContext): Promise<UserSummary> {
  const [summary] = await summarizeUsers([user], context);
  if (!summary) throw new Error(`The user ${user.userName} has no summary`);
  return summary;
}

async function issueKey(userName: string, accountId: string, context: OperationContext): Promise<NewAccessKey> {
  const { accessKeyId, secretAccessKey, sealedSecret } = context.dependencies.accessKeys.issue();
  await insertAccessKey(context.db, {
    accessKeyId,
    accountId,
    userName,
    sealedSecret,
    createdAt: context.now,
    lastUsedAt: null,
    revokedAt: null,
  });
  return { accessKeyId, secretAccessKey, userName, accountId };
}

/** Makes a person with a first role and a first key. */
export async function createUser(
  request: RoleRequest & { readonly tagLimits: readonly TagLimit[] },
  context: OperationContext,
): Promise<{ user: UserSummary; accessKey: NewAccessKey }> {
  const { userName, role, tagLimits } = request;
  const { db, now } = context;
  return await changeIdentity(context, async () => {
    const user = { userName, createdAt: now, deletedAt: null };
    if (!(await insertUser(db, user))) {
      throw new IdentityError(
        'USER_EXISTS',
        `The name ${userName} is taken, now or by somebody who was deleted; names are not given twice. Choose another.`,
      );
    }
    const accountId = request.accountId ?? (await readHomeAccountId(db));
    await writeBinding(db, { userName, accountId, role, tagLimits: JSON.stringify(tagLimits), createdAt: now });
    const accessKey = await issueKey(userName, accountId, context);
    return { user: await summarizeUser(user, context), accessKey };
  });
}

/** One page of people with their roles; asks for one over the limit. */
export async function listUsers(after: string, limit: number, context: OperationContext): Promise<UserSummary[]> {
  return await summarizeUsers(await pageUsers(context.db, after, limit), context);
}

export async function bindUser(
  request: RoleRequest & { readonly tagLimits: readonly TagLimit[] },
  context: OperationContext,
): Promise<UserSummary> {
  const { userName, role, tagLimits } = request;
  const { db, now } = context;
  return await changeIdentity(context, async () => {
    const user = await requireUser(userName, context);
    const accountId = request.accountId ?? (await readHomeAccountId(db));
    await writeBinding(db, { userName, accountId, role, tagLimits: JSON.stringify(tagLimits), createdAt: now });
    return await summarizeUser(user, context);
  });
}

export async function unbindUser(request: RoleRequest, context: OperationContext): Promise<UserSummary> {
  const { userName, role } = request;
  return await changeIdentity(context, async () => {
    const user = await requireUser(userName, context);
    const accountId = request.accountId ?? (await readHomeAccountId(context.db));
    if ((await deleteBindings(context.db, userName, { accountId, role })) === 0) {
      throw new IdentityError('BINDING_NOT_FOUND', `${userName} is not ${role} in the account ${accountId}.`);
    }
    return await summarizeUser(user, context);
  });
}

export async function deleteUser(userName: string, context: OperationContext): Promise<void> {
  const { db, now } = context;
  await changeIdentity(context, async () => {
    await requireUser(userName, context);
    await markUserDeleted(db, userName, now);
    await revokeKeys(db, { userName }, now);
    await deleteBindings(db, userName);
  });
}

/** Another key, for an account where the person has a role: a key for any other would open nothing. */
export async function createAccessKey(
  request: { readonly userName: string; readonly accountId?: string | undefined },
  context: OperationContext,
): Promise<NewAccessKey> {
  const { userName } = request;
  return await changeIdentity(context, async () => {
    await requireUser(userName, context);
    const accountId = request.accountId ?? (await readHomeAccountId(context.db));
    const bindings = await listBindings(context.db, [userName]);
    if (!bindings.some((binding) => binding.accountId === accountId)) {
      throw new IdentityError(
        'BINDING_NOT_FOUND',
        `${userName} has no role in the account ${accountId}. Give one there first, or name another account.`,
      );
    }
    return await issueKey(userName, accountId, context);
  });
}

/** One page of somebody's keys; deleted people keep theirs. */
export async function listAccessKeys(
  userName: string,
  after: { readonly createdAt: Date; readonly accessKeyId: string } | undefined,
  limit: number,
  context: OperationContext,
): Promise<AccessKeySummary[]> {
  if (!(await findUser(context.db, userName))) {
    throw new IdentityError('USER_NOT_FOUND', `There is no user ${userName}.`);
  }
  const keys = await pageAccessKeys(context.db, userName, after, limit);
  return keys.map(({ accessKeyId, accountId, createdAt, lastUsedAt, revokedAt }) => ({
    accessKeyId,
    userName,
    accountId,
    createdAt: createdAt.toISOString(),
    lastUsedAt: lastUsedAt?.toISOString() ?? null,
    revokedAt: revokedAt?.toISOString() ?? null,
  }));
}

/** A new key for the same person and account; the old one ends in the same transaction. */
export async function rotateAccessKey(accessKeyId: string, context: OperationContext): Promise<NewAccessKey> {
  return await changeIdentity(context, async () => {
    const { userName, accountId, revokedAt } = await requireKey(accessKeyId, context);
    if (revokedAt) {
      throw new IdentityError(
        'KEY_REVOKED',
        `The access key ${accessKeyId} was revoked at ${revokedAt.toISOString()}. Create a new one.`,
      );
    }
    await revokeKeys(context.db, { accessKeyId }, context.now);
    return await issueKey(userName, accountId, context);
  });
}

export async function revokeAccessKey(accessKeyId: string, context: OperationContext): Promise<void> {
  await changeIdentity(context, async () => {
    await requireKey(accessKeyId, context);
    await revokeKeys(context.db, { accessKeyId }, context.now);
  });
}
