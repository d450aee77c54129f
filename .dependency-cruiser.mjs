/**
 * The layers of the architecture, top first. A module may import its own layer and those below it; the rules are made
 * from this table.
 */
const LAYERS = [
  ['src/commands'],
  ['src/quickstart'],
  ['src/reporting'],
  ['src/config'],
  ['src/training', 'src/evaluation', 'src/generation', 'src/conversion', 'src/data', 'src/inspection'],
  ['src/neural-coding', 'src/tokenizers', 'src/plugins'],
  ['src/checkpoints', 'src/models'],
  ['src/vocabulary', 'src/graph'],
  ['src/support'],
];

/** What plugin folders may import besides their own files: the plugin contracts, codecs, and what lies below them. */
const BELOW_PLUGINS = LAYERS.slice(LAYERS.findIndex((folders) => folders.includes('src/plugins'))).flat();

const anyOf = (folders) => `^(?:${folders.join('|')})/`;

const layerRules = LAYERS.slice(1).map((folders, index) => ({
  name: `not-upwards-from-${folders.map((folder) => folder.replace('src/', '')).join('-')}`,
  severity: 'error',
  comment: 'Imports run downward through the layers of the architecture.',
  from: { path: anyOf(folders) },
  to: { path: anyOf(LAYERS.slice(0, index + 1).flat()) },
}));

export default {
  forbidden: [
    ...layerRules,
    {
      name: 'every-folder-has-a-layer',
      severity: 'error',
      comment: 'A new folder under src/ is entered in the table above.',
      from: { path: '^src/[^/]+/', pathNot: anyOf(LAYERS.flat()) },
      to: {},
    },
    {
      name: 'plugins-import-contracts-only',
      severity: 'error',
      comment: 'A plugin folder imports its own files, src/plugins and what lies below, never another plugin.',
      from: { path: '^(backends|compressors)/([^/]+)/' },
      to: { path: '^(?:src|backends|compressors)/', pathNot: [anyOf(BELOW_PLUGINS), '^$1/$2/'] },
    },
    {
      name: 'only-builtin-imports-plugins',
      severity: 'error',
      comment: 'src/plugins/builtin.ts is the one place that knows which plugins are built in.',
      from: { path: '^src/', pathNot: '^src/plugins/builtin\\.ts$' },
      to: { path: '^(?:backends|compressors)/' },
    },
    {
      name: 'product-imports-no-tooling',
      severity: 'error',
      comment: 'What is shipped does not import tests, benchmarks or scripts.',
      from: { path: '^(?:src|backends|compressors|examples)/' },
      to: { path: '^(?:test|bench|scripts)/' },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      comment: 'Modules that import each other cannot be understood, or loaded, one at a time.',
      from: { path: '^(?:src|backends|compressors)/' },
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only', 'dynamic-import'] } },
    },
    {
      name: 'no-undeclared-packages',
      severity: 'error',
      comment: 'What is shipped uses the declared dependencies only.',
      from: { path: '^(?:src|backends|compressors)/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'unknown'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-unresolvable',
      severity: 'error',
      comment: 'Every import leads to a file.',
      from: { path: '^(?:src|backends|compressors|bench|scripts)/' },
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
