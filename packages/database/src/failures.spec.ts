import { describe, expect, it } from '@jest/globals';
import {
  commitFailure,
  DatabaseFailure,
  isConnectionLoss,
  isDatabaseFailure,
  isSerializationFailure,
  isUniqueViolation,
  messageOf,
  postgresFields,
} from './failures.js';

const failure = (fields: object, message = 'failed') => Object.assign(new Error(message), fields);
/** What Prisma throws when its adapter has met an error of Postgres. */
const fromPrisma = (originalCode: string, index?: string) =>
  failure({
    code: 'P2002',
    meta: { driverAdapterError: failure({ cause: { kind: 'UniqueConstraintViolation', originalCode, constraint: { index } } }) },
  });

describe('errors of Postgres', () => {
  it.each([
    ['as the driver throws them', failure({ code: '23505', constraint: 'notes_pkey' })],
    ['as Prisma wraps them', fromPrisma('23505', 'notes_pkey')],
    ['as the cause of another', new Error('outer', { cause: failure({ code: '23505', constraint: 'notes_pkey' }) })],
  ])('are recognised %s', (_, error) => {
    expect(postgresFields(error)).toEqual({ code: '23505', constraint: 'notes_pkey' });
    expect(isUniqueViolation(error, 'notes_pkey')).toBe(true);
    expect(isUniqueViolation(error, 'other')).toBe(false);
  });

  it.each(['40001', '40P01'])('with state %s ask to be run again', (code) => {
    expect(isSerializationFailure(failure({ code }))).toBe(true);
  });

  it.each([undefined, null, 'text', 42, new Error('plain'), failure({ code: 'EPIPE' }), failure({ code: 'P2025' })])(
    'are not seen in %p',
    (error) => {
      expect(postgresFields(error)).toBeUndefined();
    },
  );
});

describe('a lost connection', () => {
  it.each([
    failure({ code: '57P01' }),
    failure({ code: '08006' }),
    failure({ code: '25P03' }),
    failure({ code: 'ECONNRESET' }),
    failure({ code: 'P1017' }),
    new Error('Connection terminated unexpectedly'),
    new Error('Client has encountered a connection error and is not queryable'),
    new DatabaseFailure('database_unreachable'),
  ])('is seen in %p', (error) => {
    expect(isConnectionLoss(error)).toBe(true);
  });

  it.each([failure({ code: '23505' }), failure({ code: '40001' }), new Error('a bug'), undefined])(
    'is not seen in %p',
    (error) => {
      expect(isConnectionLoss(error)).toBe(false);
    },
  );

  it('during COMMIT has an unknown outcome; any other failure is what it is', () => {
    const refused = failure({ code: '40001' });

    expect(isDatabaseFailure(commitFailure(failure({ code: 'ECONNRESET' })), 'commit_outcome_unknown')).toBe(true);
    expect(commitFailure(refused)).toBe(refused);
  });
});

describe('messages', () => {
  it('of several addresses that all refused are put together', () => {
    expect(messageOf(new AggregateError([new Error('::1 refused'), new Error('127.0.0.1 refused')], ''))).toBe(
      '::1 refused; 127.0.0.1 refused',
    );
  });

  it('of a failure say what and where', () => {
    expect(new DatabaseFailure('directory_in_use', '/data is held by process 7.').message).toBe(
      'The data directory is in use by another process. /data is held by process 7.',
    );
  });
});
