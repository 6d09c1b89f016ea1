import { Controller, Injectable, Module, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import { buildRegistry, rpc, serviceCaller } from '@support101/contracts';
import { Answers } from '@support101/messaging';
import { postgres } from '@support101/testing';
import { z } from 'zod';
import { bootAlone } from './boot-alone.js';

const echo = {
  access: { internal: true },
  input: z.object({ text: z.string() }),
  output: z.object({ text: z.string() }),
  errors: [],
} as const;
const ping = rpc('demo.things.ping.v1', { ...echo, summary: 'Ping' });
const pong = rpc('demo.things.pong.v1', { ...echo, summary: 'Pong' });

const hooks: string[] = [];

@Injectable()
class Watcher implements OnApplicationBootstrap, OnModuleDestroy {
  onApplicationBootstrap(): void {
    hooks.push('bootstrap');
  }

  onModuleDestroy(): void {
    hooks.push('destroy');
  }
}

@Controller()
class Handlers {
  @Answers(ping)
  ping({ text }: { text: string }): Promise<{ text: string }> {
    return Promise.resolve({ text });
  }
}

@Module({ controllers: [Handlers], providers: [Watcher] })
class DemoModule {}

// The tables of the demo service.
const migrations = new URL('../test/migrations/', import.meta.url);
const demo = (contracts: Record<string, unknown>) => ({
  ...{ name: 'demo', schema: 'demo', module: DemoModule, migrations, registry: buildRegistry([contracts]) },
});

describe('a service', () => {
  it('answers, and runs each hook of its providers once', async () => {
    const { url, close } = await postgres();
    const lone = await bootAlone(demo({ ping }), { database: { url, embedded: false } });

    expect(await lone.client.call(ping, { text: 'hello' }, serviceCaller('test', 'cor_1'))).toEqual({ text: 'hello' });
    await lone.close();
    await close();
    expect(hooks).toEqual(['bootstrap', 'destroy']);
  });

  it('does not boot when it leaves one of its contracts unanswered', async () => {
    const { url, close } = await postgres();

    await expect(bootAlone(demo({ ping, pong }), { database: { url, embedded: false } })).rejects.toThrow(
      'demo.things.pong.v1 is not answered',
    );
    await close();
  });
});
