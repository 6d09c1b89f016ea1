import { Injectable } from '@nestjs/common';
import { isRunFailure, RunFailure } from '@support101/agent-kit';
import { isDomainError } from '@support101/contracts';
import type { Tx } from '@support101/database';
import { Clock, ServiceDatabase } from '@support101/service-kit';
import { EffectsRepository, type EffectKey, type NewEffect } from './effects.repository.js';
import { hadNoEffect, standingOf } from './effects.rules.js';

export type { EffectKey } from './effects.repository.js';

/** A call that shall have its effect once. */
export interface Effect extends Omit<NewEffect, 'at'> {
  /** The effect is committed together with its entry (`commit`), or not at all. */
  readonly atomic: boolean;
  /** What a person decided about the given try. */
  verdict(attempt: number): string | undefined;
  call(): Promise<unknown>;
  /** Asks a person what to do; throws. */
  ask(attempt: number): never;
}

/** The ledger of effects: a call is entered before it is made, and however often its step is carried out, it has its effect once. */
@Injectable()
export class EffectsService {
  constructor(
    private readonly database: ServiceDatabase,
    private readonly repository: EffectsRepository,
    private readonly clock: Clock,
  ) {}

  /** The result of the call: of this one, or of an earlier one that had its effect. */
  async perform(effect: Effect): Promise<unknown> {
    const alone = this.database.alone(effect.tenantId);
    if (!(await this.repository.enter(alone, { ...effect, at: this.clock.now() }))) {
      const known = await this.repository.find(alone, effect);
      if (known === undefined) throw new RunFailure('tool_needs_approval', `The approval for ${effect.tool} has been used.`);
      const standing = standingOf(known, effect.atomic, effect.verdict(known.attempt));
      if (standing.kind === 'done') return standing.result;
      if (standing.kind === 'skip') throw new RunFailure('effect_skipped');
      if (standing.kind === 'ask') return effect.ask(standing.attempt);
      if (!(await this.repository.retry(alone, effect, effect.fence))) throw new RunFailure('effect_unknown');
    }
    return effect.atomic ? effect.call() : this.#call(effect);
  }

  /** Enters that the effect has happened, in the transaction in which it does. Throws when another worker has the run. */
  async commit(tx: Tx, key: EffectKey, fence: number, result: unknown): Promise<void> {
    if (!(await this.repository.commit(tx, key, fence, result, this.clock.now()))) throw new RunFailure('effect_unknown');
  }

  async #call(effect: Effect): Promise<unknown> {
    const alone = this.database.alone(effect.tenantId);
    let result: unknown;
    try {
      result = await effect.call();
    } catch (error) {
      const code = isRunFailure(error) || isDomainError(error) ? error.code : undefined;
      if (hadNoEffect(code)) {
        await this.repository.withdraw(alone, effect);
        throw error;
      }
      await this.repository.doubt(alone, effect);
      const known = await this.repository.find(alone, effect);
      return effect.ask(known?.attempt ?? 1);
    }
    if (!(await this.repository.commit(alone, effect, effect.fence, result, this.clock.now()))) {
      throw new RunFailure('effect_unknown');
    }
    return result;
  }
}
