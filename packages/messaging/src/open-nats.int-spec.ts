import { expect, it } from '@jest/globals';
import { nats } from '@support101/testing';
import { openNats } from './open-nats.js';

it('opens a transport to a real server', async () => {
  const server = await nats();

  const transport = await openNats({ url: server.url, name: 'test' });

  expect(transport.status()).toMatchObject({ kind: 'nats', state: 'up' });
  await transport.close();
  expect(transport.status()).toMatchObject({ state: 'closed' });
  await server.close();
});
