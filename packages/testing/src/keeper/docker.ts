import { request } from 'node:http';
import type { Engine } from './engines.ts';
import type { Running } from './programs.ts';

/** Starts the engine's image; fails at once where no Docker engine answers. */
export async function startContainer(engine: Engine): Promise<Running> {
  await dockerAnswers();
  const { GenericContainer } = await import('testcontainers');
  const container = await new GenericContainer(engine.image)
    .withExposedPorts(engine.imagePort)
    .withEnvironment(engine.imageEnvironment)
    .withCommand([...engine.imageCommand])
    .withStartupTimeout(120_000)
    .start();
  const url = engine.url(container.getHost(), container.getMappedPort(engine.imagePort));
  const stop = async () => {
    await container.stop();
  };
  try {
    await untilAnswering(engine, url);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, using: `a container of ${engine.image}`, stop };
}

async function untilAnswering(engine: Engine, url: string): Promise<void> {
  const deadline = performance.now() + 60_000;
  for (;;) {
    try {
      await engine.probe(url);
      return;
    } catch (error) {
      if (performance.now() > deadline) throw new Error(`${engine.image} does not answer`, { cause: error });
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/** Asks the engine itself, because an installed client says nothing about an engine behind it. */
function dockerAnswers(): Promise<void> {
  const host = process.env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock';
  const target = host.startsWith('unix://')
    ? { socketPath: host.slice('unix://'.length) }
    : { host: new URL(host).hostname, port: new URL(host).port };
  return new Promise((resolve, reject) => {
    const refuse = () => reject(new Error('no Docker engine answers'));
    request({ ...target, path: '/_ping', timeout: 2_000 }, (response) => {
      response.resume();
      if (response.statusCode === 200) resolve();
      else refuse();
    })
      .on('error', refuse)
      .on('timeout', function (this: { destroy(): void }) {
        this.destroy();
        refuse();
      })
      .end();
  });
}
