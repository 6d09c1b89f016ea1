import { temporaryFolder } from '@support101/testing';
import { closeEngines, DistributedProduct } from './distributed-product.js';
import { StandaloneProcess } from './standalone-process.js';

// The system tests know the product by its public API only; which shape of it they meet, the rung decides.

/** The product at work, in either shape. */
export interface Product {
  /** Address of the API, without `/v1`. */
  readonly url: string;
  readonly platformKey: string;
  readonly output: () => string;
  /** Ends it as Ctrl-C does; gives the exit code, the first that is not 0 where there are several processes. */
  stop(): Promise<number | null>;
  /** Ends it as a crash does. */
  kill(): Promise<void>;
}

/** Where a product keeps its data while it is stopped; `remove` when it will not be started again. */
export interface Home {
  readonly path: string;
  remove(): Promise<void>;
}

/** A home of its own. */
export async function temporaryDirectory(): Promise<Home> {
  const { path, close } = await temporaryFolder();
  return {
    path,
    remove: async () => {
      await closeEngines(path);
      await close();
    },
  };
}

/** Starts the product on what an earlier one left in its home. */
export function startProduct(home: string, environment: Record<string, string> = {}): Promise<Product> {
  const isDistributed = process.env['RUNG'] === 'distributed';
  // A database and a login for each service is the harder case: what passes so passes on one database, too.
  return isDistributed
    ? DistributedProduct.start(home, environment, { ownDatabases: true })
    : StandaloneProcess.start(home, environment);
}
