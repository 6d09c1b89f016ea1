// The driver exports this file, but its types do not name it.
declare module 'pg/lib/utils.js' {
  const utils: {
    /** A value as it is sent: text, bytes, or null. Throws for what refers to itself. */
    prepareValue(value: unknown): string | Buffer | null;
  };
  export default utils;
}
