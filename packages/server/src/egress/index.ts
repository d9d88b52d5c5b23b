export { createEgressClient, type EgressClient } from './egress-client.ts';
export { EgressError } from './egress-error.ts';
export { createEgressPolicy } from './egress-policy.ts';
