import type { Transport } from './transport.js';

/** One kind of transport under test, with the clock it goes by. */
export interface TransportHarness {
  /** Connects; every transport of one harness shares the broker. */
  open(): Promise<Transport>;
  now(): number;
  /** Waits, or moves the virtual clock, until `check` is true; fails after `limitMs` milliseconds of that clock. */
  until(check: () => boolean, limitMs?: number): Promise<void>;
  close(): Promise<void>;
}

export interface World {
  readonly harness: TransportHarness;
  readonly transport: Transport;
}

/** Something to wait for that the test lets happen. */
export function gate(): { passed: Promise<void>; open(): void; isOpen(): boolean } {
  let open = false;
  let pass: () => void = () => undefined;
  const passed = new Promise<void>((resolve) => (pass = resolve));
  return {
    passed,
    isOpen: () => open,
    open: () => {
      open = true;
      pass();
    },
  };
}
