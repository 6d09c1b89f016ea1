import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { postgres, type TestServer } from '@support101/testing';
import { fileURLToPath } from 'node:url';
import { run } from './children.mjs';

let database: TestServer;
beforeAll(async () => {
  database = await postgres();
});
afterAll(() => database.close());

const migrate = () => {
  const env = { ...process.env, NODE_OPTIONS: '', DATABASE_URL: database.url };
  return run(process.execPath, ['tooling/db-migrate.mjs', 'apply'], { cwd: fileURLToPath(new URL('..', import.meta.url)), env });
};

describe('db:migrate', () => {
  it('makes the schema of every service, and then finds nothing to do', async () => {
    const first = await migrate();
    const second = await migrate();

    expect(first).toEqual({ code: 0, output: expect.stringMatching(/^tenancy: applied messaging_.*$/m) });
    expect(second).toEqual({ code: 0, output: expect.stringMatching(/^([a-z_]+: up to date\n){3,}$/) });
  });
});
