import type { Role, TagLimit } from '@patchbay/contracts';

/** A person's role in an account; with limits only over resources that meet every one of them. */
export interface Binding {
  readonly role: Role;
  readonly tagLimits: readonly TagLimit[];
}

/** Who is calling, as far as the signature proved it. */
export type Principal =
  | {
      readonly kind: 'user';
      /** The account of the access key. */
      readonly accountId: string;
      readonly userName: string;
      readonly accessKeyId: string;
      /** Those in the key's account; none: a person who may do nothing there. */
      readonly bindings: readonly Binding[];
    }
  | { readonly kind: 'node'; readonly accountId: string; readonly region: string; readonly instanceId: string }
  /** A maintenance window, which sends commands and makes no calls: nothing is permitted to it. */
  | { readonly kind: 'window'; readonly accountId: string; readonly region: string; readonly windowId: string }
  /** Only for the operation that turns an activation code into a node. */
  | { readonly kind: 'anonymous' };

/** The ARN that audit, messages and GetCallerIdentity name a principal by. */
export function principalArn(principal: Principal): string {
  switch (principal.kind) {
    case 'user':
      return `arn:aws:iam::${principal.accountId}:user/${principal.userName}`;
    case 'node':
      return `arn:aws:sts::${principal.accountId}:assumed-role/patchbay-node/${principal.instanceId}`;
    case 'window':
      return `arn:aws:ssm:${principal.region}:${principal.accountId}:maintenancewindow/${principal.windowId}`;
    case 'anonymous':
      return 'anonymous';
  }
}
