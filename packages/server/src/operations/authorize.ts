import type { TagLimit } from '@patchbay/contracts';
import { permissionRules } from './permissions.ts';
import type { Binding, Principal } from './principal.ts';

/** What an operation acts on. `instanceId` is set where the resource is, or belongs to, one node. */
export interface Resource {
  readonly arn: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly instanceId?: string | undefined;
  /** Where its tags lie, so that they can be read when a decision needs them. */
  readonly tagged?: { readonly resourceType: string; readonly resourceId: string } | undefined;
  /** Whose it is, where that may be another account than the caller's. */
  readonly accountId?: string | undefined;
  /** What comes with Patchbay: it has no tags, and to read it takes none. Nobody can change it. */
  readonly isEverybodys?: boolean | undefined;
}

/** What a call acts on that names no resource: those of the account at large. */
export const anyResource: Resource = { arn: '*', tags: {} };

/**
 * Which resources a caller reaches: those that meet every condition; a condition is met by the tags of one of its
 * alternatives. Without conditions: all; a condition without alternatives: none.
 */
export type Reach = readonly (readonly (readonly TagLimit[])[])[];

function carries(tags: Readonly<Record<string, string>>, limits: readonly TagLimit[]): boolean {
  return limits.every(({ key, values }) => {
    const value = Object.hasOwn(tags, key) ? tags[key] : undefined;
    return value !== undefined && values.includes(value);
  });
}

/** Do these tags put a resource within reach? */
export function isWithinReach(tags: Readonly<Record<string, string>>, reach: Reach): boolean {
  return reach.every((alternatives) => alternatives.some((limits) => carries(tags, limits)));
}

/** The bindings that give a person this permission over anything at all. */
function bindingsWith(principal: Principal, permission: string): readonly Binding[] {
  const rule = permissionRules.get(permission);
  if (!rule || principal.kind !== 'user') return [];
  return principal.bindings.filter(
    ({ role, tagLimits }) => rule.people.includes(role) && (tagLimits.length === 0 || rule.limited !== 'never'),
  );
}

/** Could there be a resource that this principal may do this to? Asked before anything of the call is read. */
export function mayEver(principal: Principal, permission: string): boolean {
  const rule = permissionRules.get(permission);
  if (!rule) return false;
  switch (principal.kind) {
    case 'anonymous':
      return rule.anybody;
    case 'node':
      return rule.nodes;
    case 'window':
      return false;
    case 'user':
      return bindingsWith(principal, permission).length > 0;
  }
}

/** May this principal do this to this resource? Deny by default. */
export function authorize(principal: Principal, permission: string, resource: Resource): boolean {
  if (!mayEver(principal, permission)) return false;
  switch (principal.kind) {
    case 'anonymous':
      return true;
    case 'window':
      return false;
    case 'node':
      return resource.instanceId === undefined || resource.instanceId === principal.instanceId;
    case 'user':
      if (resource.accountId !== undefined && resource.accountId !== principal.accountId) return false;
      return (
        permissionRules.get(permission)?.limited !== 'tagged-resource' ||
        resource.isEverybodys === true ||
        isWithinReach(resource.tags, reachOf(principal, permission))
      );
  }
}

/** How far a permission reaches, for operations that show or touch many resources. */
export function reachOf(principal: Principal, permission: string): Reach {
  const limits = bindingsWith(principal, permission).map(({ tagLimits }) => tagLimits);
  return limits.some((tagLimits) => tagLimits.length === 0) ? [] : [limits];
}

/** Does it take the tags of resources to decide about this caller? */
export function isLimitedByTags(principal: Principal): boolean {
  return principal.kind === 'user' && principal.bindings.some(({ tagLimits }) => tagLimits.length > 0);
}
