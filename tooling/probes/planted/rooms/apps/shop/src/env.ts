export const env = 'clean';
