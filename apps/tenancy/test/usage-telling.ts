import type { EventId } from '@support101/contracts';
import * as runtime from '@support101/contracts/agent-runtime';
import { Clock } from '@support101/service-kit';
import type { VirtualClock } from '@support101/testing';
import type { UsageEventsService } from '../src/usage/usage-events.service.js';
import { UsageRepository } from '../src/usage/usage.repository.js';
import { UsageService } from '../src/usage/usage.service.js';
import { deliveryOf } from './deliveries.js';
import type { Prepared } from './engines.js';
import { dayOf, type Heard, taking, type Told } from './usage-model.js';

/** Who gives out the places on this database. */
export const placesOf = ({ database }: Prepared, time: VirtualClock): UsageService =>
  new UsageService(database, new UsageRepository(), new Clock(time));

function tell(service: UsageEventsService, { tenantId, recordId, holder }: Told, { step, day, cost }: Heard, id: EventId) {
  const delivery = deliveryOf(runtime.runStarted, tenantId, {}, { id, time: dayOf(day).toISOString() });
  if (step === 'paused') return service.runPaused(delivery, recordId);
  if (step === 'resumed') return service.runResumed(delivery, recordId);
  if (taking.includes(step)) return service.added(delivery, step, holder, recordId);
  if (holder !== 'run') return service.removed(delivery, step, holder, recordId);
  const usage = { inputTokens: 1, outputTokens: 2, costMicroUsd: cost, model: 'local' };
  const end = { runId: recordId, usage };
  if (step === 'run_cancelled') return service.runEnded(delivery, 'cancelled', end);
  if (step === 'run_timed_out') return service.runEnded(delivery, 'timed_out', end);
  const outcome = step.slice('run_'.length) as runtime.RunOutcome;
  return service.runEnded(delivery, 'completed', { ...end, outcome });
}

/** Tells all lives at once, each one's events one after the other and as often as they say. */
export async function tellAll(services: readonly UsageEventsService[], lives: readonly Told[]): Promise<void> {
  await Promise.all(
    lives.map(async (one) => {
      for (const [index, heard] of one.events.entries()) {
        const listeners = heard.times.flatMap((times, at) => Array.from({ length: times }, () => services[at % services.length]));
        await Promise.all(listeners.map((service) => tell(service as UsageEventsService, one, heard, one.ids[index] as EventId)));
      }
    }),
  );
}
