import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Database, Tx } from '@support101/database';
import { Clock, createLog } from '@support101/service-kit';
import { VirtualClock } from '@support101/testing';
import { formatKey, keyParts } from '../api-keys/api-keys.rules.js';
import { hashOf } from '../api-keys/api-keys.service.js';
import { type AuthenticationRepository, type Credential, type KeyUse } from './authentication.repository.js';
import { AuthenticationService } from './authentication.service.js';

const parts = keyParts({ publicId: new Uint8Array(8).fill(1), secret: new Uint8Array(32).fill(2) });
const key = formatKey(parts);
const credential: Credential = {
  tenantId: 'ten_01jd5m6wz5f9r8x2k3c4v7b6n1',
  keyId: 'key_01jd5m6wz5f9r8x2k3c4v7b6n1',
  secretHash: hashOf(parts.secret),
  roles: ['viewer'],
  expiresAt: null,
  revokedAt: null,
  status: 'active',
  tier: 'free',
  ownLimits: {},
};

function serviceWith(recordUses: (uses: readonly KeyUse[]) => Promise<void>) {
  const asked: string[] = [];
  const database: Pick<Database, 'burstAsSystem'> = { burstAsSystem: (_reason, run) => run({} as Tx) };
  const repository: Pick<AuthenticationRepository, 'find' | 'recordUses'> = {
    find: async (_tx, publicId) => {
      asked.push(publicId);
      return credential;
    },
    recordUses: (_tx, uses) => recordUses(uses),
  };
  const logged: string[] = [];
  const log = createLog({ name: 'test', destination: { write: (line: string) => logged.push(line) } });
  const clock = new Clock(new VirtualClock());
  const service = new AuthenticationService(database as Database, repository, clock, log);
  return { service, asked, logged };
}

describe('AuthenticationService', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  it('does not ask the database for what cannot be a key', async () => {
    const { service, asked } = serviceWith(async () => undefined);

    await expect(service.authenticate(key.slice(0, -1) + '~')).rejects.toMatchObject({ code: 'unauthenticated' });

    expect(asked).toEqual([]);
  });

  it('writes the uses of 30 seconds at once, and nothing when there were none', async () => {
    const written: (readonly KeyUse[])[] = [];
    const { service } = serviceWith(async (uses) => void written.push(uses));

    for (let use = 0; use < 5; use += 1) await service.authenticate(key);
    await jest.advanceTimersByTimeAsync(29_999);
    expect(written).toEqual([]);
    await jest.advanceTimersByTimeAsync(60_000);

    expect(written).toEqual([[expect.objectContaining({ keyId: credential.keyId })]]);
  });

  it('lets nobody wait or fail because uses cannot be written, and says so in the log', async () => {
    const { service, logged } = serviceWith(() => Promise.reject(new Error('the database is away')));

    await service.authenticate(key);
    await jest.advanceTimersByTimeAsync(30_000);

    await expect(service.authenticate(key)).resolves.toMatchObject({ tenantId: credential.tenantId });
    expect(logged.join('')).toContain('the last use of API keys could not be written');
  });

  it('writes what it still holds when the service stops', async () => {
    const written: (readonly KeyUse[])[] = [];
    const { service } = serviceWith(async (uses) => void written.push(uses));
    await service.authenticate(key);

    await service.onApplicationShutdown();

    expect(written).toHaveLength(1);
  });
});
