import { describe, expect, it } from '@jest/globals';
import type { EventContract, EventEnvelope } from '@support101/contracts';
import { requestDecided, requestOpened } from '@support101/contracts/hitl';
import { registry } from '@support101/contracts/all';
import { activityTypes } from '@support101/contracts/learning';
import { webhookReceived } from '@support101/contracts/webhook-gateway';
import { newId } from '@support101/service-kit';
import { anExampleOf } from '@support101/testing';
import { activityOf, isActivity, longestSummary } from './activity.rules.js';

function envelope(contract: EventContract, over: Record<string, unknown> = {}): EventEnvelope {
  const data = anExampleOf(contract.data, over);
  return {
    ...{ specversion: '1.0', id: newId('evt'), source: '/support101/test', type: contract.type, subject: 'thing:1' },
    ...{ time: '2026-11-22T12:00:00.000Z', datacontenttype: 'application/json', tenantid: newId('ten') },
    ...{ principaltype: 'user', principalid: 'usr_ann', outcome: 'success', correlationid: 'cor_of_a_test', data },
  };
}

const events = registry.events.filter(({ type }) => (activityTypes as readonly string[]).includes(type));

describe('activity', () => {
  it('knows an event of the registry for every type', () => {
    expect(events.map(({ type }) => type).toSorted()).toEqual([...activityTypes].toSorted());
  });

  it.each(events.map((event) => [event.type, event] as const))('shows %s in one sentence', (type, contract) => {
    const event = envelope(contract);

    const entry = activityOf(event);

    expect(entry).toMatchObject({ eventId: event.id, type, happenedAt: event.time, principal: { type: 'user', id: 'usr_ann' } });
    expect(entry?.summary).toMatch(/^(A|The) \S+ .+/);
    expect(entry?.summary).not.toContain('undefined');
  });

  it('names run, agent and request where the event does', () => {
    const [runId, agentId, requestId] = [newId('run'), newId('agt'), newId('req')];

    const named = activityOf(envelope(requestDecided, { runId, agentId, requestId, decision: 'approve' }));
    const unnamed = activityOf(envelope(webhookReceived));

    expect(named).toMatchObject({ runId, agentId, requestId, summary: 'A request was decided: approve' });
    expect(unnamed).toMatchObject({ runId: null, agentId: null, requestId: null });
  });

  it('carries nothing that a customer or a reviewer wrote', () => {
    const opened = activityOf(envelope(requestOpened, { title: 'SECRET' }));
    const decided = activityOf(envelope(requestDecided, { reason: 'SECRET', response: 'SECRET', edits: { body: 'SECRET' } }));
    const received = activityOf(envelope(webhookReceived, { ticket: { id: '1', subject: 'SECRET', description: 'SECRET' } }));

    expect(JSON.stringify([opened, decided, received])).not.toContain('SECRET');
  });

  it('cuts a provider’s long name of an event', () => {
    const entry = activityOf(envelope(webhookReceived, { type: 'x'.repeat(1000) }));

    expect(entry?.summary).toHaveLength(longestSummary);
  });

  it('leaves out what is not about customers’ work', () => {
    const other = { ...envelope(webhookReceived), type: 'tenancy.tenants.created.v1' };

    expect(activityOf(other)).toBeUndefined();
    expect(isActivity('constructor')).toBe(false);
  });
});
