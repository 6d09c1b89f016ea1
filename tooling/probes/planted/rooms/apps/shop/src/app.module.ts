export const shop = 'clean';
