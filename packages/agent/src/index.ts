/** Nothing here yet. */
export const placeholder = 0;
