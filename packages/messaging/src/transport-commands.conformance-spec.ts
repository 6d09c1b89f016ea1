import { expect, it } from '@jest/globals';
import { gate, type World } from './transport-world.fixture-spec.js';
import { maxMessageBytes, type WireMessage } from './transport.js';

const tenantId = 'ten_01jd5m6wz5f9r8x2k3c4v7b6n1';
const hello: WireMessage = { body: '{"hello":"wörld"}', headers: { 's101-tenant': tenantId } };
const subject = 'demo.things.make.v1';

/** What every transport must do with commands. */
export function commandConformance(world: () => World): void {
  it('carries body and headers to the server and the reply back', async () => {
    const { transport } = world();
    await transport.serve(subject, 'demo', async (message) => ({
      body: message.body.toUpperCase(),
      headers: { ...message.headers, 'x-reply': 'jä, {}' },
    }));

    const reply = await transport.request(subject, hello, { timeoutMs: 1_000 });

    expect(reply.body).toBe('{"HELLO":"WÖRLD"}');
    expect(reply.headers).toMatchObject({ 's101-tenant': tenantId, 'x-reply': 'jä, {}' });
  });

  it('lets the members of a group share the work, each request going to one of them', async () => {
    const { transport, harness } = world();
    const other = await harness.open();
    const served = { here: 0, there: 0 };
    await transport.serve(subject, 'demo', async (message) => {
      served.here += 1;
      return message;
    });
    await other.serve(subject, 'demo', async (message) => {
      served.there += 1;
      return message;
    });

    for (let index = 0; index < 60; index += 1) await transport.request(subject, hello, { timeoutMs: 1_000 });

    expect(served.here + served.there).toBe(60);
    expect(Math.min(served.here, served.there)).toBeGreaterThan(5);
  });

  it('says service_unavailable at once when nobody serves the subject', async () => {
    const { transport } = world();

    const asked = transport.request(subject, hello, { timeoutMs: 60_000 });

    await expect(asked).rejects.toMatchObject({ code: 'service_unavailable' });
  });

  it('says deadline_exceeded when the answer does not come in time', async () => {
    const { transport, harness } = world();
    const late = gate();
    await transport.serve(subject, 'demo', () => late.passed.then(() => hello));
    const begun = harness.now();
    let outcome: unknown;

    void transport.request(subject, hello, { timeoutMs: 200 }).catch((error: unknown) => (outcome = error));
    await harness.until(() => outcome !== undefined);
    late.open();

    expect(outcome).toMatchObject({ code: 'deadline_exceeded' });
    expect(harness.now() - begun).toBeGreaterThanOrEqual(195);
  });

  it('stops waiting when the caller gives up', async () => {
    const { transport } = world();
    const late = gate();
    const giveUp = new AbortController();
    await transport.serve(subject, 'demo', () => late.passed.then(() => hello));

    const asked = transport.request(subject, hello, { timeoutMs: 60_000, signal: giveUp.signal });
    giveUp.abort(new Error('no longer interested'));

    await expect(asked).rejects.toThrow('no longer interested');
    late.open();
  });

  it('refuses a request that is too large and carries one that just fits', async () => {
    const { transport } = world();
    await transport.serve(subject, 'demo', async (message) => ({ body: String(message.body.length), headers: {} }));
    const fits = { body: 'x'.repeat(maxMessageBytes), headers: {} };
    const tooLarge = { body: `${'x'.repeat(maxMessageBytes - 1)}é`, headers: {} };

    const reply = await transport.request(subject, fits, { timeoutMs: 5_000 });

    expect(reply.body).toBe(String(maxMessageBytes));
    await expect(transport.request(subject, tooLarge, { timeoutMs: 5_000 })).rejects.toMatchObject({ code: 'payload_too_large' });
  });

  it('says internal when the server’s side throws', async () => {
    const { transport } = world();
    await transport.serve(subject, 'demo', () => Promise.reject(new Error('secret detail')));

    const error = await transport.request(subject, hello, { timeoutMs: 1_000 }).catch((thrown: unknown) => thrown);

    expect(error).toMatchObject({ code: 'internal' });
    expect(String(error)).not.toContain('secret');
  });

  it('finishes what runs when a server closes, and takes nothing new', async () => {
    const { transport, harness } = world();
    const [started, finish] = [gate(), gate()];
    const server = await transport.serve(subject, 'demo', () => {
      started.open();
      return finish.passed.then(() => hello);
    });
    const running = transport.request(subject, hello, { timeoutMs: 60_000 });
    await harness.until(() => started.isOpen());

    const closed = server.close();
    finish.open();

    expect((await running).body).toBe(hello.body);
    await closed;
    await expect(transport.request(subject, hello, { timeoutMs: 60_000 })).rejects.toMatchObject({ code: 'service_unavailable' });
  });
}
