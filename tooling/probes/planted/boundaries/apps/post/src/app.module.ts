export const hello = 'post';
