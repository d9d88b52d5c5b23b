/** Who is calling, as far as the signature proved it. */
export type Principal =
  | {
      readonly kind: 'user';
      readonly accountId: string;
      readonly userName: string;
      readonly role: string;
      readonly accessKeyId: string;
    }
  | { readonly kind: 'node'; readonly accountId: string; readonly region: string; readonly instanceId: string }
  /** Only for the operation that turns an activation code into a node. */
  | { readonly kind: 'anonymous' };

/** The ARN that audit, messages and GetCallerIdentity name a principal by. */
export function principalArn(principal: Principal): string {
  switch (principal.kind) {
    case 'user':
      return `arn:aws:iam::${principal.accountId}:user/${principal.userName}`;
    case 'node':
      return `arn:aws:sts::${principal.accountId}:assumed-role/patchbay-node/${principal.instanceId}`;
    case 'anonymous':
      return 'anonymous';
  }
}
