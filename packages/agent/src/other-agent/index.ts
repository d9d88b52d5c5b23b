export { fetchedPatcherDirectory } from '@patchbay/patching';
export { carryOutOrder, type OrderParts } from './carry-out-order.ts';
export { readPatchOrder } from './read-patch-order.ts';
