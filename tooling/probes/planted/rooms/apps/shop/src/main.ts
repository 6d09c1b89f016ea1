export const main = 'clean';
