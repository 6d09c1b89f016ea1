// One configuration for all rungs: RUNG=unit|int|service|system|distributed|probes picks the files.
export const rungs = {
  unit: [
    'packages/*/src/**/*.spec.ts',
    'apps/*/src/**/*.spec.ts',
    'tooling/*.spec.ts',
    'tooling/{gate,rooms}/*.spec.ts',
    'bench/**/*.spec.ts',
  ],
  int: ['tooling/*.int-spec.ts', 'packages/*/src/**/*.int-spec.ts', 'apps/*/src/**/*.int-spec.ts'],
  service: ['apps/*/test/*.e2e-spec.ts'],
  // The same tests on both shapes of the product: one process, and one for each service.
  system: ['test/*.e2e-spec.ts'],
  distributed: ['test/*.e2e-spec.ts', 'test/distributed/*.e2e-spec.ts'],
  // Plants a violation of each house rule and expects the alarm.
  probes: ['tooling/probes/*.probe-spec.ts'],
};

const rung = process.env.RUNG ?? 'unit';
const needsServers = ['int', 'service', 'system', 'distributed'].includes(rung);
const realServers = {
  globalSetup: '<rootDir>/tooling/jest-servers.mjs',
  globalTeardown: '<rootDir>/tooling/jest-servers-end.mjs',
};

export default {
  testMatch: rungs[rung].map((pattern) => `<rootDir>/${pattern}`),
  ...(needsServers ? realServers : {}),
  testTimeout: rung === 'unit' ? 10_000 : 60_000,
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  moduleFileExtensions: ['js', 'mjs', 'cjs', 'ts', 'json', 'node'],
  // Sources are tested as they are: workspace packages resolve to src, and "./x.js" to "./x.ts".
  moduleNameMapper: {
    '^@support101/contracts/([a-z-]+)$': '<rootDir>/packages/contracts/src/$1.ts',
    '^@support101/(contracts|database|messaging|jobs|service-kit|service-testing|telemetry|time|redis|agent-kit|blueprints|models|testing)$':
      '<rootDir>/packages/$1/src/index.ts',
    '^@support101/(agent-runtime|hitl|tenancy|governance|learning|webhook-gateway|gateway|standalone)/(.+)$':
      '<rootDir>/apps/$1/src/$2.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
          keepClassNames: true,
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  modulePathIgnorePatterns: ['<rootDir>/.*/dist/', '<rootDir>/.turbo/', '<rootDir>/tooling/probes/planted/'],
  watchman: false,
};
