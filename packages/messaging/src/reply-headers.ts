import { AsyncLocalStorage } from 'node:async_hooks';

const current = new AsyncLocalStorage<Record<string, string>>();

/** Runs `run`; headers set meanwhile by `setReplyHeader` are in the result. */
export async function collectReplyHeaders<T>(run: () => Promise<T>): Promise<{ result: T; headers: Record<string, string> }> {
  const headers: Record<string, string> = {};
  const result = await current.run(headers, run);
  return { result, headers };
}

/** Adds a header to the reply of the command being answered; outside one it does nothing. */
export function setReplyHeader(name: string, value: string): void {
  const headers = current.getStore();
  if (headers !== undefined) headers[name] = value;
}
