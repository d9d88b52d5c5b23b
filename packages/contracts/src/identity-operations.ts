import { z } from 'zod';
import { defineContract } from './contract.ts';

/** IAM's characters for names of users. */
const UserName = z.string().regex(/^[A-Za-z0-9+=,.@_-]{1,64}$/, 'must be 1 to 64 letters, digits or any of +=,.@_-');
const AccountId = z.string().regex(/^\d{12}$/, 'must be twelve digits');
const AccessKeyId = z.string().regex(/^AKIA[0-9A-F]{16}$/, 'must be the id of an access key, AKIA…');
const Timestamp = z.iso.datetime();
const page = {
  maxResults: z.number().int().min(1).max(100).optional(),
  nextToken: z.string().optional(),
};

export const Role = z.enum(['administrator', 'operator', 'auditor']);
export type Role = z.infer<typeof Role>;

/** A resource meets it when it carries the tag with one of the values. Keys and values as SSM allows them. */
export const TagLimit = z.object({
  key: z.string().min(1).max(128),
  values: z.array(z.string().max(256)).min(1).max(50),
});
export type TagLimit = z.infer<typeof TagLimit>;

/** All of them have to be met; none: the role counts for the whole account. */
const TagLimits = z
  .array(TagLimit)
  .max(10)
  .refine((limits) => new Set(limits.map(({ key }) => key)).size === limits.length, 'names a key twice')
  .default([]);

const Binding = z.object({ accountId: AccountId, role: Role, tagLimits: z.array(TagLimit) });

export const UserSummary = z.object({
  userName: UserName,
  createdAt: Timestamp,
  bindings: z.array(Binding),
});
export type UserSummary = z.infer<typeof UserSummary>;

export const AccessKeySummary = z.object({
  accessKeyId: AccessKeyId,
  userName: UserName,
  accountId: AccountId,
  createdAt: Timestamp,
  /** To the minute; null: never. */
  lastUsedAt: Timestamp.nullable(),
  /** Null while it works. */
  revokedAt: Timestamp.nullable(),
});
export type AccessKeySummary = z.infer<typeof AccessKeySummary>;

/** The one answer that a secret is in. */
export const NewAccessKey = z.object({
  accessKeyId: AccessKeyId,
  secretAccessKey: z.string(),
  userName: UserName,
  accountId: AccountId,
});
export type NewAccessKey = z.infer<typeof NewAccessKey>;

const BindingInput = { userName: UserName, accountId: AccountId.optional(), role: Role };

/** Makes a person with a role in an account (the installation's own, when none is named) and a first access key. */
export const CreateUser = defineContract(
  'CreateUser',
  'person',
  z.object({ ...BindingInput, tagLimits: TagLimits }),
  z.object({ user: UserSummary, accessKey: NewAccessKey }),
);

/** The people who were not deleted. */
export const ListUsers = defineContract(
  'ListUsers',
  'person',
  z.object(page),
  z.object({ users: z.array(UserSummary), nextToken: z.string().optional() }),
);

/** Gives a role in an account. Where the person has the role already, these tag limits replace the ones it had. */
export const BindUser = defineContract(
  'BindUser',
  'person',
  z.object({ ...BindingInput, tagLimits: TagLimits }),
  z.object({ user: UserSummary }),
);

/** Takes a role in an account away. */
export const UnbindUser = defineContract(
  'UnbindUser',
  'person',
  z.object(BindingInput),
  z.object({ user: UserSummary }),
);

/** Deletes a person: all keys end, all roles go; the name stays taken and the audit trail stays whole. */
export const DeleteUser = defineContract('DeleteUser', 'person', z.object({ userName: UserName }), z.object({}));

/** Makes another access key for one of the accounts that the person has a role in. */
export const CreateAccessKey = defineContract(
  'CreateAccessKey',
  'person',
  z.object({ userName: UserName, accountId: AccountId.optional() }),
  z.object({ accessKey: NewAccessKey }),
);

/** All keys that somebody ever had, oldest first. */
export const ListAccessKeys = defineContract(
  'ListAccessKeys',
  'person',
  z.object({ userName: UserName, ...page }),
  z.object({ accessKeys: z.array(AccessKeySummary), nextToken: z.string().optional() }),
);

/** A new key in place of one that works, which ends at once. */
export const RotateAccessKey = defineContract(
  'RotateAccessKey',
  'person',
  z.object({ accessKeyId: AccessKeyId }),
  z.object({ accessKey: NewAccessKey }),
);

/** Ends a key at once. Ending it again changes nothing. */
export const RevokeAccessKey = defineContract(
  'RevokeAccessKey',
  'person',
  z.object({ accessKeyId: AccessKeyId }),
  z.object({}),
);
