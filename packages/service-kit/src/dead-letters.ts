import { Controller, type Type } from '@nestjs/common';
import {
  type Caller,
  decodeCursor,
  DomainError,
  encodeCursor,
  EventId,
  type InputOf,
  type OutputOf,
} from '@support101/contracts';
import { deadLetterContracts, deadLetterKeepers } from '@support101/contracts/messaging';
import { Answers, DeadLetters, showableReason, type DeadLetterFilter, type StoredDeadLetter } from '@support101/messaging';
import { z } from 'zod';

type Contracts = ReturnType<typeof deadLetterContracts>;

const CursorKey = z.tuple([z.number().int().min(0).max(8.64e15), EventId, z.string()]);

/** What answers for the dead letters of a service: none for a process without a contract for it. */
export function deadLettersControllers(service: string): Type[] {
  if (!deadLetterKeepers.some((keeper) => keeper === service)) return [];
  const contract: Contracts = deadLetterContracts(service);

  /** Shows the platform what the service gave up on, and tries it again. */
  @Controller()
  class DeadLettersHandlers {
    constructor(private readonly letters: DeadLetters) {}

    @Answers(contract.list)
    async list(input: InputOf<Contracts['list']>): Promise<OutputOf<Contracts['list']>> {
      const { tenantId, durable, limit, cursor } = input;
      const found = await this.letters.list({ tenantId, durable, limit: limit + 1, after: placeOf(cursor) });
      const last = found.length > limit ? found[limit - 1] : undefined;
      return { data: found.slice(0, limit).map(toEntry), nextCursor: last === undefined ? null : cursorOf(last) };
    }

    @Answers(contract.replay)
    async replay(input: InputOf<Contracts['replay']>, caller: Caller): Promise<OutputOf<Contracts['replay']>> {
      const replayed = await this.letters.replay(input, caller);
      if (replayed === undefined) throw new DomainError('dead_letter_not_found');
      return replayed;
    }
  }
  return [DeadLettersHandlers];
}

function toEntry({ event, durable, reason, attempts, failedAt }: StoredDeadLetter): OutputOf<Contracts['list']>['data'][number] {
  return {
    ...{ tenantId: event.tenantid, durable, eventId: event.id, eventType: event.type, resource: event.subject },
    ...{ correlationId: event.correlationid, reason: showableReason(reason, event), attempts },
    failedAt: failedAt.toISOString(),
  };
}

function cursorOf({ failedAt, event, durable }: StoredDeadLetter): string {
  return encodeCursor([failedAt.getTime(), event.id, durable]);
}

function placeOf(cursor: string | undefined): DeadLetterFilter['after'] {
  if (cursor === undefined) return undefined;
  const key = CursorKey.safeParse(decodeCursor(cursor, 3));
  if (!key.success) throw new DomainError('cursor_invalid');
  const [failedAt, eventId, durable] = key.data;
  return { failedAt: new Date(failedAt), eventId, durable };
}
