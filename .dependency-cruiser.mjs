// Who may import whom (design: ARCHITECTURE.md). Each rule has a planted violation in tooling/probes.
// Workspace packages resolve to their sources (tooling/boundaries-resolve.cjs); the generated clients are there after the build.

const source = '^(apps|packages)/[^/]+/src/';
const tests = '(spec\\.ts$|^apps/[^/]+/test/|^test/|^packages/[^/]+/test-fixture/)';
const capability = '^apps/([^/]+)/src/([^/]+)/';

/** Every rule is an error: a warning is a rule that nobody keeps. */
const rule = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

export default {
  forbidden: [
    rule('no-cycles', 'What depends on itself cannot be understood or tested alone.', {}, { circular: true }),
    rule('imports-resolve', 'An import that leads nowhere.', {}, { couldNotResolve: true }),
    rule(
      'contracts-know-only-zod',
      'A contract is data: everybody imports it, so it imports nobody.',
      { path: '^packages/contracts/src/', pathNot: tests },
      { pathNot: ['^packages/contracts/src/', '(^|/)node_modules/zod/'] },
    ),
    rule('packages-never-import-apps', 'Packages are below the apps.', { path: '^packages/' }, { path: '^apps/' }),
    rule(
      'packages-meet-at-their-entry',
      'A package shows what its src/index.ts exports (contracts: one entry per service), and nothing else.',
      { path: '^(?:apps|packages)/([^/]+)/' },
      { path: '^packages/[^/]+/src/', pathNot: ['^packages/$1/', '/src/index\\.ts$', '^packages/contracts/src/[^/]+\\.ts$'] },
    ),
    rule(
      'services-meet-only-on-the-wire',
      'A service calls another by its contract. Only the standalone composes services, by their module.',
      { path: '^apps/([^/]+)/', pathNot: '^apps/standalone/' },
      { path: '^apps/', pathNot: '^apps/$1/' },
    ),
    rule(
      'standalone-composes-by-module',
      'The standalone knows of a service what its own main.ts knows: its app.module.ts.',
      { path: '^apps/standalone/' },
      { path: '^apps/', pathNot: ['^apps/standalone/', '/src/app\\.module\\.ts$'] },
    ),
    rule(
      'rules-are-pure',
      'Rules decide from what they are given: they import rules of their capability, and types.',
      { path: '\\.rules\\.ts$' },
      {
        // Time-zone arithmetic is as pure as any other.
        pathNot: ['\\.rules\\.ts$', '^packages/contracts/src/', '(^|/)node_modules/temporal-polyfill/'],
        dependencyTypesNot: ['type-only'],
      },
    ),
    rule(
      'rules-take-types-from-packages-only',
      'A rule that needs the type of a repository or an adapter is not about the domain.',
      { path: '\\.rules\\.ts$' },
      { dependencyTypes: ['type-only'], pathNot: ['\\.rules\\.ts$', '^packages/'] },
    ),
    rule(
      'only-repositories-touch-prisma',
      'Rows have one home.',
      { path: '^apps/[^/]+/src/', pathNot: ['\\.repository\\.ts$', '^apps/[^/]+/src/platform/', tests] },
      { path: ['/generated/', '@prisma/'] },
    ),
    rule(
      'doors-do-not-reach-repositories',
      'Handlers, consumers and jobs translate; the service decides when.',
      { path: '\\.(handlers|consumers|jobs)\\.ts$' },
      { path: '\\.repository\\.ts$' },
    ),
    rule(
      'capabilities-meet-at-services',
      'A capability shows its service and its module to the others of its app.',
      { path: capability, pathNot: ['^apps/[^/]+/src/(platform|generated)/', tests] },
      { path: '^apps/$1/src/[^/]+/', pathNot: ['^apps/$1/src/($2|platform|generated)/', '\\.(service|module)\\.ts$'] },
    ),
    rule(
      'platform-knows-no-capability',
      'What every capability may use must not know one of them.',
      { path: '^apps/([^/]+)/src/platform/', pathNot: tests },
      { path: '^apps/$1/src/', pathNot: ['^apps/$1/src/(platform|generated)/', '^apps/$1/src/env\\.ts$'] },
    ),
    rule(
      'carriers-know-no-service',
      'Messaging, jobs and database carry for every service and know none.',
      { path: '^packages/(messaging|jobs|database|service-kit)/src/', pathNot: tests },
      // messaging.ts: what carriers themselves answer and tell, dead letters.
      { path: '^packages/contracts/src/', pathNot: ['^packages/contracts/src/(index|messaging)\\.ts$'] },
    ),
    rule(
      'source-never-imports-tests',
      'What runs in production stands without tests, fakes and tooling.',
      { path: source, pathNot: [tests, '^packages/(service-)?testing/'] },
      { path: [tests, '^tooling/', '^packages/(service-)?testing/', '^bench/'] },
    ),
  ],
  options: {
    parser: 'swc',
    tsPreCompilationDeps: true,
    webpackConfig: { fileName: 'tooling/boundaries-resolve.cjs' },
    doNotFollow: { path: ['node_modules', '/dist/', '/generated/'] },
    exclude: { path: ['/dist/', '^tooling/probes/planted/'] },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['types', 'import', 'node', 'default'] },
  },
};
