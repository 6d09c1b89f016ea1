import { createParamDecorator, UseFilters, type ExecutionContext } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import type { CallerOf, EnvelopeOf, EventContract, InputOf, OutputOf, Rpc, TenantCaller } from '@support101/contracts';
import { PassErrors } from './pass-errors.js';

/** What a command handler may use besides input and caller. */
export interface CommandContext {
  /** Fires when the caller's deadline has passed: nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

/** The shape of a method that answers a contract; later parameters may be left out. */
export type CommandHandler<C extends Rpc> = (
  input: InputOf<C>,
  caller: CallerOf<C>,
  context: CommandContext,
) => Promise<OutputOf<C>>;

/** One event as a consumer gets it: parsed, with the caller that stands for who caused it. */
export interface Delivery<E extends EventContract = EventContract> {
  readonly event: EnvelopeOf<E>;
  readonly caller: TenantCaller;
  readonly durable: string;
  /** Counts from 1. */
  readonly attempt: number;
  /** Fires when the delivery has timed out. */
  readonly signal: AbortSignal;
}

/** The shape of a method that consumes an event. */
export type DeliveryHandler<E extends EventContract> = (delivery: Delivery<E>) => Promise<void>;

/** How a durable behaves; said on one of its events at most. */
export interface ConsumesOptions {
  /** Name of the durable inside its service. One durable may consume several events: they keep their order per resource. */
  readonly durable: string;
  readonly backoffMs?: readonly number[];
  readonly maxDeliver?: number;
  readonly ackWaitMs?: number;
  readonly concurrency?: number;
}

type MethodOf<Handler> = <M extends Handler>(target: object, key: string, descriptor: TypedPropertyDescriptor<M>) => void;

const Argument = createParamDecorator((index: number, context: ExecutionContext): unknown => context.getArgByIndex(index));

/** What `Answers`, `Consumes` and `ConsumesAll` leave on a method for the ContractServer. */
export type Binding =
  | { readonly kind: 'answers'; readonly contract: Rpc }
  | { readonly kind: 'consumes'; readonly event: EventContract; readonly options: ConsumesOptions }
  | { readonly kind: 'consumes-all'; readonly options: ConsumesOptions };

/** Binds a method of a Nest controller to a command; a wrong signature does not compile. */
export function Answers<C extends Rpc>(contract: C): MethodOf<CommandHandler<C>> {
  return bind(MessagePattern(contract.subject, { binding: { kind: 'answers', contract } satisfies Binding }), 3);
}

/** Binds a method of a Nest controller to an event; a wrong signature does not compile. */
export function Consumes<E extends EventContract>(event: E, options: ConsumesOptions): MethodOf<DeliveryHandler<E>> {
  const pattern = `${options.durable} ${event.type}`;
  return bind(MessagePattern(pattern, { binding: { kind: 'consumes', event, options } satisfies Binding }), 1);
}

/**
 * Binds a method of a Nest controller to every event there is, also of types that this process does not know. The data
 * come as they were sent: nobody has parsed them.
 */
export function ConsumesAll(options: ConsumesOptions): MethodOf<DeliveryHandler<EventContract>> {
  return bind(MessagePattern(`${options.durable} *`, { binding: { kind: 'consumes-all', options } satisfies Binding }), 1);
}

function bind(pattern: MethodDecorator, parameters: number) {
  return <M>(target: object, key: string, descriptor: TypedPropertyDescriptor<M>): void => {
    pattern(target, key, descriptor as TypedPropertyDescriptor<unknown>);
    UseFilters(PassErrors)(target, key, descriptor);
    // Without these Nest would hand over the first argument only.
    for (let index = 0; index < parameters; index += 1) Argument(index)(target, key, index);
  };
}
