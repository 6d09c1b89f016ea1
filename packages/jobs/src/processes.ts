import type { JobContext, JobDefinition, OnExhausted, RefillItem } from './job.js';

/** What the decorators leave on a method for the JobHost. */
export type JobBinding =
  | { readonly kind: 'processes'; readonly job: JobDefinition<never> }
  | { readonly kind: 'refills'; readonly job: JobDefinition<never> }
  | { readonly kind: 'exhausted'; readonly job: JobDefinition<never> };

type MethodOf<Handler> = <M extends Handler>(target: object, key: string, descriptor: TypedPropertyDescriptor<M>) => void;

const bindingKey = Symbol.for('support101.jobs.binding');

/** The method runs jobs of this kind; throwing means another try. */
export function Processes<P>(job: JobDefinition<P>): MethodOf<(payload: P, context: JobContext) => Promise<void>> {
  return bind({ kind: 'processes', job: job as unknown as JobDefinition<never> });
}

/** The method asks the database which jobs of this kind are due or will be: at boot and at each sweep. */
export function Refills<P>(job: JobDefinition<P>): MethodOf<() => AsyncIterable<RefillItem<P>>> {
  return bind({ kind: 'refills', job: job as unknown as JobDefinition<never> });
}

/** The method gets jobs of this kind whose attempts are used up. */
export function Exhausted<P>(job: JobDefinition<P>): MethodOf<OnExhausted<P>> {
  return bind({ kind: 'exhausted', job: job as unknown as JobDefinition<never> });
}

/** The binding a method carries, if any. */
export function bindingOf(method: unknown): JobBinding | undefined {
  return typeof method === 'function' ? (Reflect.getMetadata(bindingKey, method) as JobBinding | undefined) : undefined;
}

function bind(binding: JobBinding) {
  return <M>(_target: object, _key: string, descriptor: TypedPropertyDescriptor<M>): void => {
    Reflect.defineMetadata(bindingKey, binding, descriptor.value as object);
  };
}
