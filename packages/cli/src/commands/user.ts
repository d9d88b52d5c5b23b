import {
  type AccessKeySummary,
  BindUser,
  CreateAccessKey,
  CreateUser,
  DeleteUser,
  ListAccessKeys,
  ListUsers,
  type NewAccessKey,
  RevokeAccessKey,
  Role,
  RotateAccessKey,
  type TagLimit,
  UnbindUser,
  type UserSummary,
} from '@patchbay/contracts';
import { Command, Option } from 'commander';
import { type ChosenAccess, chooseAccess, rewriteAdministratorAccess } from '../administrator-access.ts';
import { type ControlPlaneClient, createControlPlaneClient } from '../control-plane-client.ts';
import {
  type AccessFlags,
  collectPages,
  type OutputFlags,
  print,
  withAccess,
  withOutput,
} from '../control-plane-options.ts';
import { addTagLimit } from '../tag-limit-option.ts';

type CommonFlags = AccessFlags & OutputFlags;

interface RoleFlags extends CommonFlags {
  readonly role: Role;
  readonly account?: string;
  readonly tagLimit?: readonly TagLimit[];
}

/** A person in one line a role. */
export function describeUser({ userName, bindings }: UserSummary): string[] {
  if (bindings.length === 0) return [`${userName}: no role in any account`];
  return bindings.map(({ role, accountId, tagLimits }) => {
    const limits = tagLimits.map(({ key, values }) => `${key}=${values.join('|')}`).join(' and ');
    return `${userName}: ${role} of ${accountId}${limits ? `, only what is tagged ${limits}` : ''}`;
  });
}

function describeNewKey({ accessKeyId, secretAccessKey, userName, accountId }: NewAccessKey): string[] {
  return [
    `access key of ${userName} for ${accountId}:`,
    `  AWS_ACCESS_KEY_ID=${accessKeyId}`,
    `  AWS_SECRET_ACCESS_KEY=${secretAccessKey}`,
    'The secret is shown this once and cannot be read again.',
  ];
}

function describeKey({ accessKeyId, accountId, createdAt, lastUsedAt, revokedAt }: AccessKeySummary): string {
  const state = revokedAt ? `revoked ${revokedAt}` : 'works';
  return `${accessKeyId}  ${accountId}  made ${createdAt}  last used ${lastUsedAt ?? 'never'}  ${state}`;
}

/** Runs one call and prints its answer: whole as JSON, or in lines. */
async function answer<Answer>(
  flags: CommonFlags,
  call: (client: ControlPlaneClient, access: ChosenAccess) => Promise<Answer>,
  describe: (answer: Answer) => readonly string[],
): Promise<void> {
  const chosen = await chooseAccess(flags.data, process.env);
  print(await call(createControlPlaneClient(chosen.access), chosen), flags, describe);
}

const withCommonOptions = (command: Command): Command => withOutput(withAccess(command));

function withRoleOptions(command: Command): Command {
  return withCommonOptions(command)
    .addOption(new Option('--role <role>', 'what they may do').choices(Role.options).makeOptionMandatory())
    .option('--account <id>', "an account of this installation (default: the installation's own)");
}

const tagLimitOption = [
  '--tag-limit <Key=Value>',
  'only resources with this tag, repeatable: values of one key are alternatives, every key has to match',
  addTagLimit,
] as const;

const keyCommand = new Command('key').description("People's access keys");

withCommonOptions(keyCommand.command('create <name>'))
  .description('Make another access key; its secret is shown once')
  .option('--account <id>', "the account that it is for (default: the installation's own)")
  .action(async (userName: string, flags: CommonFlags & { account?: string }) => {
    await answer(
      flags,
      (client) => client.call(CreateAccessKey, { userName, accountId: flags.account }),
      ({ accessKey }) => describeNewKey(accessKey),
    );
  });

withCommonOptions(keyCommand.command('list <name>'))
  .description('List the access keys that somebody has and had')
  .action(async (userName: string, flags: CommonFlags) => {
    const list = async (client: ControlPlaneClient) => ({
      accessKeys: await collectPages(async (token) => {
        const { accessKeys, nextToken } = await client.call(ListAccessKeys, { userName, nextToken: token });
        return { entries: accessKeys, nextToken };
      }),
    });
    await answer(flags, list, ({ accessKeys }) => accessKeys.map(describeKey));
  });

withCommonOptions(keyCommand.command('rotate <access-key-id>'))
  .description('Replace an access key by a new one; the old one ends at once')
  .action(async (accessKeyId: string, flags: CommonFlags) => {
    const rotate = async (client: ControlPlaneClient, chosen: ChosenAccess) => {
      const rotated = await client.call(RotateAccessKey, { accessKeyId });
      // Otherwise `patchbay env` would go on printing a key that has just ended.
      if (chosen.data !== undefined && chosen.access.accessKeyId === accessKeyId) {
        await rewriteAdministratorAccess(chosen.data, rotated.accessKey);
      }
      return rotated;
    };
    await answer(flags, rotate, ({ accessKey }) => describeNewKey(accessKey));
  });

withCommonOptions(keyCommand.command('revoke <access-key-id>'))
  .description('End an access key at once')
  .action(async (accessKeyId: string, flags: CommonFlags) => {
    await answer(
      flags,
      (client) => client.call(RevokeAccessKey, { accessKeyId }),
      () => [`${accessKeyId} does not work any more.`],
    );
  });

/** `patchbay user`: people, their roles in accounts and their access keys. */
export const userCommand = new Command('user').description('Manage people, their roles and access keys');

withRoleOptions(userCommand.command('create <name>'))
  .description('Make a person with a role and a first access key; its secret is shown once')
  .option(...tagLimitOption)
  .action(async (userName: string, flags: RoleFlags) => {
    const { role, account: accountId, tagLimit: tagLimits } = flags;
    await answer(
      flags,
      (client) => client.call(CreateUser, { userName, role, accountId, tagLimits: [...(tagLimits ?? [])] }),
      ({ user, accessKey }) => [...describeUser(user), ...describeNewKey(accessKey)],
    );
  });

withCommonOptions(userCommand.command('list'))
  .description('List people and their roles')
  .action(async (flags: CommonFlags) => {
    const list = async (client: ControlPlaneClient) => ({
      users: await collectPages(async (token) => {
        const { users, nextToken } = await client.call(ListUsers, { nextToken: token });
        return { entries: users, nextToken };
      }),
    });
    await answer(flags, list, ({ users }) => users.flatMap(describeUser));
  });

withRoleOptions(userCommand.command('bind <name>'))
  .description('Give a role in an account, or other tag limits to one that is there')
  .option(...tagLimitOption)
  .action(async (userName: string, flags: RoleFlags) => {
    const { role, account: accountId, tagLimit: tagLimits } = flags;
    await answer(
      flags,
      (client) => client.call(BindUser, { userName, role, accountId, tagLimits: [...(tagLimits ?? [])] }),
      ({ user }) => describeUser(user),
    );
  });

withRoleOptions(userCommand.command('unbind <name>'))
  .description('Take a role in an account away')
  .action(async (userName: string, flags: RoleFlags) => {
    const { role, account: accountId } = flags;
    await answer(
      flags,
      (client) => client.call(UnbindUser, { userName, role, accountId }),
      ({ user }) => describeUser(user),
    );
  });

withCommonOptions(userCommand.command('delete <name>'))
  .description('Delete a person: roles and keys end at once, the audit trail stays')
  .action(async (userName: string, flags: CommonFlags) => {
    await answer(
      flags,
      (client) => client.call(DeleteUser, { userName }),
      () => [`${userName} is deleted; all their access keys have ended.`],
    );
  });

userCommand.addCommand(keyCommand);
