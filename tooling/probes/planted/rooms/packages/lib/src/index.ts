/** Nothing. */
export const nothing = 'the folder is the violation';
