/** How a part of the process is. `degraded` works with less; `down` was configured and does not work. */
export type PartState = 'up' | 'degraded' | 'down';

/** One line of the table of design.md section 4, as it is now. */
export interface PartHealth {
  readonly part: string;
  /** What serves the need now, for example "embedded Postgres 18". */
  readonly using: string;
  readonly state: PartState;
  /** What to set to get the full part, or what is wrong. */
  readonly hint?: string;
}

/** Looks at one part; must answer within its own time limit and never throw on purpose. */
export type HealthCheck = () => PartHealth | Promise<PartHealth>;

/** Collects the parts of a process and says how they are. */
export class HealthBoard {
  readonly #checks = new Map<string, HealthCheck>();
  #draining = false;

  /** Registers a part; a second registration under the same name replaces the first. */
  register(part: string, check: HealthCheck): void {
    this.#checks.set(part, check);
  }

  /** Not ready until the function that this gives is called: the process is starting. */
  starting(): () => void {
    this.register('start', () => ({ part: 'start', using: 'not finished', state: 'down', hint: 'the process is starting' }));
    return () => void this.#checks.delete('start');
  }

  /** From now on the process is not ready: it is shutting down. */
  drain(): void {
    this.#draining = true;
  }

  /** `ready` is false while draining or while a part is down; degraded parts do not make it false. */
  async report(timeoutMs = 2_000): Promise<{ ready: boolean; status: PartState | 'draining'; parts: PartHealth[] }> {
    const parts = await Promise.all([...this.#checks].map(([part, check]) => look(part, check, timeoutMs)));
    if (this.#draining) return { ready: false, status: 'draining', parts };
    const down = parts.some((part) => part.state === 'down');
    const degraded = parts.some((part) => part.state === 'degraded');
    return { ready: !down, status: down ? 'down' : degraded ? 'degraded' : 'up', parts };
  }
}

async function look(part: string, check: HealthCheck, timeoutMs: number): Promise<PartHealth> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<PartHealth>((resolve) => {
    timer = setTimeout(
      () => resolve({ part, using: 'unknown', state: 'down', hint: `no answer within ${timeoutMs} ms` }),
      timeoutMs,
    );
  });
  try {
    return await Promise.race([Promise.resolve().then(check), late]);
  } catch (error) {
    return { part, using: 'unknown', state: 'down', hint: error instanceof Error ? error.message : String(error) };
  } finally {
    clearTimeout(timer);
  }
}
