import { describe, expect, it } from '@jest/globals';
import { composeVariables, environmentDocuments, variablesOf } from './infra-env.mjs';

const url = { description: 'Where it is', type: 'string' };
const level = { description: 'How much', default: 'info', enum: ['info', 'warn'] };
const apps = {
  gateway: variablesOf({ properties: { A_URL: url, LEVEL: level } }),
  standalone: variablesOf({ properties: { A_URL: url, LEVEL: { ...level, default: 'warn' } } }),
  tenancy: variablesOf({ properties: { A_URL: url, LEVEL: level }, required: ['A_URL'] }),
};

describe('environment documents', () => {
  const documents = environmentDocuments(apps, composeVariables('x: ${A_URL} ${PASSWORD:?say why} ${PORT:-4100}'));

  it('has a row for each way in which services take a variable', () => {
    const rows = documents['docs/generated/env.md'].split('\n').filter((line) => line.startsWith('| `'));

    expect(rows).toEqual([
      '| `A_URL` | optional | Where it is | gateway, standalone |',
      '| `A_URL` | **required** | Where it is | tenancy |',
      '| `LEVEL` | `info` | How much (`info`, `warn`) | every service |',
      '| `LEVEL` | `warn` | How much (`info`, `warn`) | standalone |',
    ]);
  });

  it('leaves to be filled in what somebody requires, and comments the rest out', () => {
    const assignments = documents['.env.example'].split('\n').filter((line) => /^(# )?[A-Z_]+=/.test(line));

    expect(assignments).toEqual(['A_URL=', '# LEVEL=info', 'PASSWORD=', '# PORT=']);
  });

  it('takes a variable that compose refuses to do without as required', () => {
    const { '.env.example': example } = environmentDocuments({ gateway: apps.gateway }, composeVariables('${A_URL:?}'));

    expect(example).toContain('\nA_URL=\n');
  });
});
