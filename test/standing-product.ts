import { type Product, startProduct, temporaryDirectory } from './product.js';

// One product for all suites that need none of their own: to start it takes longer than most of them.

const home = await temporaryDirectory();
const start = () => startProduct(home.path, { SUPPORT101_DEMO: '0' });
let standing: Promise<Product> | undefined;

/** The product; started when it is first asked for. */
export function standingProduct(): Promise<Product> {
  standing ??= start();
  return standing;
}

/** The product after a crash: ended by it, and started on what it has left. */
export async function standsAfterCrash(): Promise<Product> {
  await (await standingProduct()).kill();
  standing = start();
  return standing;
}

/** Ends the product for good. */
export async function removeProduct(): Promise<void> {
  await (await standing?.catch(() => undefined))?.kill();
  await home.remove();
}
